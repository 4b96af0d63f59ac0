/* dead_pick.h - the entries of a dead list that the flags ask for, page by page. */
#ifndef CLI_DEAD_PICK_H
#define CLI_DEAD_PICK_H

#include <reapq/admin.h>
#include <stdbool.h>

#include "options.h"

struct dead_pick {
	const struct options *opts;
	struct reapq_client *client;
	struct reapq_dead_cursor cursor;
	bool over; /* no more pages */
};

void dead_pick_init(
    struct dead_pick *p, const struct options *opts, struct reapq_client *client);

/*
 * The next page's entries that fit, newest first: there may be none though more follow.
 * 0, or an exit status, said. Not when p->over. Free with reapq_dead_list_free().
 */
int dead_pick_next(
    struct dead_pick *p, struct reapq_dead_info **ret_list, size_t *ret_n);

#endif
