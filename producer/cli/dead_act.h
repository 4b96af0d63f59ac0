/* dead_act.h - acts on entries of a dead list: puts them back, or takes them off. */
#ifndef CLI_DEAD_ACT_H
#define CLI_DEAD_ACT_H

#include <reapq/admin.h>

#include "options.h"

enum dead_act {
	DEAD_RETRY, /* prints the id of each */
	DEAD_REMOVE
};

/* One that cannot be does not keep the others from it. The exit status; said. */
int dead_act_ids(const struct options *opts, struct reapq_client *client,
    enum dead_act act, const char *const *ids, size_t n);

/* All that the flags ask for. What can't be run again is counted, and no failure. */
int dead_act_all(
    const struct options *opts, struct reapq_client *client, enum dead_act act);

#endif
