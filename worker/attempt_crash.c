/*
 * attempt_crash.c - brings the crash record from a child's page into the evidence.
 *
 * Decides when there is anything to read: not for an attempt that ended well, and not for
 * a command, where nobody of ours is in the process to write it.
 */
#include "attempt_crash.h"

#include "clock.h"
#include <stdlib.h>
#include <sys/wait.h>

#define ASK_MAX_MS 200

bool
attempt_crash_ask(struct attempt *a)
{
	struct judge_evidence *e = &a->evidence;

	if (e->intent != JUDGE_TIME_LIMIT || e->is_exec || !child_ask(a->child))
		return false;
	e->asked_where = true;
	a->ask_until_ms = clock_mono_ms() + ASK_MAX_MS;
	return true;
}

bool
attempt_crash_waiting(struct attempt *a)
{
	if (!child_answered(a->child) && clock_mono_ms() < a->ask_until_ms)
		return true;
	a->ask_until_ms = 0;
	return false;
}

bool
attempt_crash_read(struct attempt *a, void (*fn)(void *arg))
{
	struct judge_evidence *e = &a->evidence;
	bool exited = e->wait_code == CLD_EXITED;
	struct crash_page page;

	e->err = capture_get(child_stderr(a->child), &e->err_len);
	if (e->is_exec || e->refused || (exited && e->wait_status == 0 && e->done))
		return false;
	/* Without memory the report says less. */
	a->crash = malloc(sizeof(*a->crash));
	if (a->crash == NULL)
		return false;
	child_page(a->child, &page);
	crash_record_read(&page, exited ? 0 : e->wait_status, e->asked_where, a->crash);
	e->crash = a->crash;
	if (a->crash->frames_n > 0)
		a->naming = symbolize_start(a->env->symbolize, a->crash, fn, a);
	return a->naming != NULL;
}
