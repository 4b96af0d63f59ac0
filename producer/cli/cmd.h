/* cmd.h - the commands: one table row each, in the file of its name. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "flags.h"
#include "options.h"

struct cmd {
	const char *name;
	const char *usage;   /* what stands after the flags */
	const char *summary; /* one line */
	const char *details; /* paragraphs for --help; NULL: none */
	unsigned groups;     /* enum flags_group bits */
	enum options_style style;
	int (*run)(const struct options *opts); /* the exit status */
};

extern const struct cmd cmd_run, cmd_call, cmd_submit, cmd_wait, cmd_map, cmd_cancel,
    cmd_status, cmd_why, cmd_queues, cmd_workers, cmd_pause, cmd_resume, cmd_drain,
    cmd_limit, cmd_dead, cmd_crashes, cmd_repro;

/* Says what is wrong with the usage and where to read on. EXITS_USAGE. */
int cmd_misused(const struct cmd *cmd, const char *fmt, ...) REAPQ_PRINTF(2, 3);

#endif
