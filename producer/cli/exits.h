/* exits.h - exit statuses: the reapq command's own, and what a report maps to. */
#ifndef CLI_EXITS_H
#define CLI_EXITS_H

#include <reapq/report.h>

enum exits {
	EXITS_OK = 0,
	EXITS_NOT_ALL = 1, /* some task did not return, or was not found */
	EXITS_USAGE = 2,
	EXITS_TIME = 124,   /* the time limit of a task, or --timeout of a wait */
	EXITS_REAPQ = 125,  /* reapq itself failed */
	EXITS_NO_END = 126, /* the task did not run to an end that has a status */
	EXITS_SIGNAL = 128  /* and the signal's number on top */
};

/* The exit status of `reapq run` and of `reapq call` for a task that ended so. */
int exits_of_run(const struct reapq_report *report);
int exits_of_call(const struct reapq_report *report);

/* That of a call which failed with this enum reapq_code. */
int exits_of_error(int code);

#endif
