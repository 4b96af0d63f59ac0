/* dead_print.h - entries of a dead list for people and for programs. */
#ifndef CLI_DEAD_PRINT_H
#define CLI_DEAD_PRINT_H

#include <reapq/admin.h>
#include <stdbool.h>

#include "options.h"

/* Those that the flags ask for: a table, or JSON lines. The exit status; said. */
int dead_print_list(const struct options *opts, struct reapq_client *client);

/* One in full. The exit status; said. */
int dead_print_one(const struct reapq_dead *dead, const char *queue, bool json);

#endif
