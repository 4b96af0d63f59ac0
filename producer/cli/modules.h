/* modules.h - which modules a task is run with here. */
#ifndef CLI_MODULES_H
#define CLI_MODULES_H

#include "options.h"
#include "words.h"

/*
 * Adds those of --module, else of $REAPQ_MODULE, to a command line, each after flag
 * (NULL: alone). 0 or ENOMEM.
 */
int modules_add(struct words *w, const struct options *opts, const char *flag);

#endif
