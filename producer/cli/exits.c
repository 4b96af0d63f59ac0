/*
 * exits.c - the exit status that a report maps to. Pure.
 *
 * Invariants: 0 only for a task that returned; a status the task never had is
 * never invented, EXITS_NO_END says that there is none. What ended the task comes
 * before how: a task that was cancelled by a kill is EXITS_NO_END, not 137.
 */
#include "exits.h"

#include <stdbool.h>

static bool
never_ended(const struct reapq_report *report)
{
	return report->outcome == REAPQ_CANCELLED || report->outcome == REAPQ_EXPIRED ||
	       report->outcome == REAPQ_LOST || report->verdict == REAPQ_V_NOT_STARTED;
}

/* What both commands share; -1: they differ. */
static int
common(const struct reapq_report *report)
{
	if (report->outcome == REAPQ_RETURNED)
		return EXITS_OK;
	if (never_ended(report))
		return EXITS_NO_END;
	if (report->verdict == REAPQ_V_TIME_LIMIT)
		return EXITS_TIME;
	if (report->signal.number > 0)
		return EXITS_SIGNAL + report->signal.number;
	return -1;
}

int
exits_of_run(const struct reapq_report *report)
{
	int status = common(report);

	if (status >= 0)
		return status;
	return report->exit_status > 0 ? report->exit_status : EXITS_NO_END;
}

int
exits_of_call(const struct reapq_report *report)
{
	int status = common(report);

	if (status >= 0)
		return status;
	if (report->outcome == REAPQ_FAILED)
		return EXITS_NOT_ALL;
	return report->exit_status > 0 ? report->exit_status : EXITS_NO_END;
}

int
exits_of_error(int code)
{
	return code == REAPQ_EINVAL ? EXITS_USAGE : EXITS_REAPQ;
}
