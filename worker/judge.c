/*
 * judge.c - the verdict table.
 *
 * Certainty is "proved" only where the kernel or this worker saw it: an exit status, a
 * signal that only the process itself can cause, our own kill. A SIGKILL that this
 * worker did not send has no visible sender (waitid gives the same for an OOM kill, an
 * operator and a hard CPU limit), so without more evidence its cause is unknown. Never
 * says what the evidence does not show.
 */
#include "judge.h"

#include "judge_words.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/*
 * The kernel charges the limit by whole ticks and rusage by what really ran: with more
 * runnable tasks than processors a limit of 1 s was seen to strike at 870 ms. Anybody may
 * send a SIGXCPU, so what is that far from the limit is likely, not proved.
 */
#define CPU_SLACK_MS 50
#define CPU_TICKS_SLACK_MS(limit) ((limit) / 4)

static bool
near_memory_limit(const struct judge_evidence *e)
{
	int64_t limit = e->limits.memory;

	/* Without the rlimit no allocation was refused. */
	return e->memory_rlimit && limit > 0 &&
	       e->usage.peak_memory >= limit - limit / 10;
}

static int64_t
cpu_ms(const struct judge_evidence *e)
{
	return e->usage.user_ms + e->usage.system_ms;
}

static bool
by_own_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGABRT || sig == SIGBUS || sig == SIGFPE ||
	       sig == SIGILL || sig == SIGSYS || sig == SIGTRAP;
}

static void
found(struct judge_finding *f, enum reapq_verdict v, enum reapq_certainty c)
{
	f->verdict = v;
	f->certainty = c;
}

/* Rows for what this worker did; false: it did nothing. */
static bool
judge_intent(const struct judge_evidence *e, struct judge_finding *f)
{
	switch (e->intent) {
	case JUDGE_TIME_LIMIT:
		found(f, REAPQ_V_TIME_LIMIT, REAPQ_PROVED);
		return true;
	case JUDGE_CANCEL:
		found(f, REAPQ_V_CANCELLED, REAPQ_PROVED);
		return true;
	case JUDGE_DEADLINE:
		found(f, REAPQ_V_EXPIRED, REAPQ_PROVED);
		return true;
	case JUDGE_GARBLED:
		found(f, REAPQ_V_ERROR, REAPQ_PROVED);
		return true;
	case JUDGE_RESULT_LIMIT:
		found(f, REAPQ_V_RESULT_LIMIT, REAPQ_PROVED);
		return true;
	case JUDGE_MEMORY_WATCH:
		found(f, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED);
		return true;
	case JUDGE_CPU_WATCH:
		found(f, REAPQ_V_CPU_LIMIT, REAPQ_PROVED);
		return true;
	case JUDGE_SHUTDOWN:
	case JUDGE_LEASE_GONE:
		/* Not for a producer's eyes: the task goes on elsewhere. */
		found(f, REAPQ_V_WORKER_LOST, REAPQ_PROVED);
		return true;
	case JUDGE_NO_INTENT:
		return false;
	}
	return false;
}

static void
judge_signal(const struct judge_evidence *e, struct judge_finding *f)
{
	int sig = e->wait_status;
	int64_t limit = e->limits.cpu_ms;

	if (sig == SIGXCPU && limit > 0 && cpu_ms(e) >= limit - CPU_SLACK_MS)
		found(f, REAPQ_V_CPU_LIMIT, REAPQ_PROVED);
	else if (sig == SIGXCPU && limit > 0 &&
		 cpu_ms(e) >= limit - CPU_TICKS_SLACK_MS(limit))
		found(f, REAPQ_V_CPU_LIMIT, REAPQ_LIKELY);
	else if (sig == SIGKILL && limit > 0 &&
		 cpu_ms(e) >= limit + 1000 - CPU_SLACK_MS)
		found(f, REAPQ_V_CPU_LIMIT, REAPQ_LIKELY);
	else if (sig == SIGXFSZ && e->limits.file_size >= 0)
		found(f, REAPQ_V_FILE_SIZE_LIMIT, REAPQ_PROVED);
	else if (by_own_fault(sig) && near_memory_limit(e))
		found(f, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY);
	else if (sig == SIGKILL && !judge_cgroup_clears(e))
		found(f, REAPQ_V_SIGNAL, REAPQ_UNKNOWN);
	else
		found(f, REAPQ_V_SIGNAL, REAPQ_PROVED);
}

/* Both we and the kernel were at it: a limit of ours does not hide the other's. */
static bool
judge_both(const struct judge_evidence *e, struct judge_finding *f)
{
	if (e->intent != JUDGE_TIME_LIMIT && e->intent != JUDGE_CPU_WATCH)
		return false;
	if (!judge_cgroup_killed_too(e))
		return false;
	/* Only SIGTERM was ours: so the SIGKILL was not. */
	if (!e->killed)
		return judge_cgroup(e, f);
	found(f, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY);
	return true;
}

/* Rows for an end of its own. */
static void
judge_end(const struct judge_evidence *e, struct judge_finding *f)
{
	if (e->wait_code != CLD_EXITED)
		judge_signal(e, f);
	else if (e->wait_status == 0 && e->is_exec)
		found(f, REAPQ_V_OK, REAPQ_PROVED);
	else
		found(f, REAPQ_V_EXIT, REAPQ_PROVED);
}

void
judge(const struct judge_evidence *e, struct judge_finding *ret_finding)
{
	struct judge_finding *f = ret_finding;
	bool exited_well = e->wait_code == CLD_EXITED && e->wait_status == 0;

	memset(f, 0, sizeof(*f));
	if (e->refused)
		found(f, REAPQ_V_NOT_STARTED, REAPQ_PROVED);
	else if (e->too_big)
		found(f, REAPQ_V_RESULT_LIMIT, REAPQ_PROVED);
	else if (exited_well && e->done)
		found(f, REAPQ_V_OK, REAPQ_PROVED);
	else if (exited_well && e->failed)
		found(f, REAPQ_V_ERROR, REAPQ_PROVED);
	else if (!judge_both(e, f) && !judge_intent(e, f) && !judge_cgroup(e, f))
		judge_end(e, f);
	judge_words_message(e, f);
	judge_words_evidence(e, f);
}
