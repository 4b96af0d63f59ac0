/* repro_task.h - what `repro` runs: a task's message, and what is known of its end. */
#ifndef CLI_REPRO_TASK_H
#define CLI_REPRO_TASK_H

#include <reapq/admin.h>

#include "buf.h"
#include "options.h"
#include "ref.h"
#include "wire.h"

struct repro_task {
	struct ref ref;
	struct buf message;                /* docs/messages.md */
	struct wire_box box;               /* owns what task points to */
	struct wire_task task;             /* the message, read */
	struct reapq_dead *dead;           /* owns the record */
	const struct reapq_report *record; /* how it ended there; NULL: not known */
	struct reapq_limits limits; /* to ask for: those in force there, if known */
};

/*
 * From Redis, which is only read, or from --message-file. 0, or an exit status, said.
 * Free it either way.
 */
int repro_task_load(const struct options *opts, const char *name, struct repro_task *t);
void repro_task_free(struct repro_task *t);

bool repro_task_is_command(const struct repro_task *t);

/* A report of a worker's has the limits that were in force; one of a script's has none. */
bool repro_task_limits_known(const struct repro_task *t);

#endif
