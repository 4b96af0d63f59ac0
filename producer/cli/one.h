/* one.h - submit one task, wait for it, show how it ended: what run and call share. */
#ifndef CLI_ONE_H
#define CLI_ONE_H

#include "buf.h"
#include "cmd.h"
#include <reapq/report.h>
#include <reapq/task.h>

struct one {
	const struct cmd *cmd;
	/* Completes the task from the arguments; payload owns what it may point to. */
	int (*target)(const struct options *opts, struct reapq_task *task,
	    struct buf *payload, struct reapq_error *err);
	/* Without --json. 0, or an exit status when it could not be written. */
	int (*show)(const struct options *opts, const struct reapq_report *report);
	int (*status)(const struct reapq_report *report);
};

/* What `run` and what `call` do. */
extern const struct one one_command, one_handler;

/* 0, or an exit status when it could not be written. */
int one_show(const struct one *one, const struct options *opts,
    const struct reapq_report *report);

/* Returns the command's exit status. */
int one_run(const struct one *one, const struct options *opts);

#endif
