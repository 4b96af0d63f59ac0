/* look.h - one task as it stands: its state, and its report once it has ended. */
#ifndef CLI_LOOK_H
#define CLI_LOOK_H

#include <reapq/admin.h>

#include "options.h"

struct look {
	struct reapq_task_info info;
	const struct reapq_report *report; /* NULL: it has not ended; lent */
	struct reapq_future *future;
	struct reapq_dead *dead; /* where the report is, once its result is gone */
};

/* 0, or an exit status, said; EXITS_NOT_ALL: no such task. Then look_free(). */
int look_at(const struct options *opts, struct reapq_client *client, const char *text,
    struct look *ret_look);
void look_free(struct look *look);

#endif
