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

#include "crash_words.h"
#include "judge_seccomp.h"
#include "judge_words.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/*
 * The kernel charges the limit by whole ticks and rusage by what really ran: with more
 * runnable tasks than processors a limit of 1 s was seen to strike below 750 ms. Anybody may
 * send a SIGXCPU, so what is that far from the limit is likely, not proved. For the same
 * reason a SIGKILL of the hard limit, a second higher, may come at any time past the soft.
 */
#define CPU_SLACK_MS 50
#define CPU_TICKS_SLACK_MS(limit) ((limit) / 2)

static bool
near_memory_limit(const struct judge_evidence *e)
{
	int64_t limit = e->limits.memory;

	/* Without the rlimit no allocation was refused. */
	return e->memory_rlimit && limit > 0 && e->max_rss >= limit - limit / 10;
}

/* The limit is of each process by itself. */
static int64_t
cpu_ms(const struct judge_evidence *e)
{
	return e->usage.user_ms + e->usage.system_ms - e->waited_cpu_ms;
}

static bool
by_own_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGABRT || sig == SIGBUS || sig == SIGFPE ||
	       sig == SIGILL || sig == SIGSYS || sig == SIGTRAP;
}

static bool
found(struct judge_finding *f, enum reapq_verdict v, enum reapq_certainty c)
{
	f->verdict = v;
	f->certainty = c;
	return true;
}

/* Rows for what came over its channel; false: nothing that settles it. */
static bool
judge_answer(const struct judge_evidence *e, struct judge_finding *f)
{
	bool exited_well = e->wait_code == CLD_EXITED && e->wait_status == 0;

	if (e->refused)
		return found(f, REAPQ_V_NOT_STARTED, REAPQ_PROVED);
	if (e->garbled)
		return found(f, REAPQ_V_ERROR, REAPQ_PROVED);
	if (e->too_big || e->no_memory)
		return found(f, REAPQ_V_RESULT_LIMIT, REAPQ_PROVED);
	if (exited_well && e->done)
		return found(f, REAPQ_V_OK, REAPQ_PROVED);
	if (exited_well && e->failed)
		return found(f, REAPQ_V_ERROR, REAPQ_PROVED);
	return false;
}

/* Rows for what this worker did; false: it did nothing. */
static bool
judge_intent(const struct judge_evidence *e, struct judge_finding *f)
{
	switch (e->intent) {
	case JUDGE_TIME_LIMIT:
		return found(f, REAPQ_V_TIME_LIMIT, REAPQ_PROVED);
	case JUDGE_CANCEL:
		return found(f, REAPQ_V_CANCELLED, REAPQ_PROVED);
	case JUDGE_DEADLINE:
		return found(f, REAPQ_V_EXPIRED, REAPQ_PROVED);
	case JUDGE_MEMORY_WATCH:
		return found(f, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED);
	case JUDGE_CPU_WATCH:
		return found(f, REAPQ_V_CPU_LIMIT, REAPQ_PROVED);
	case JUDGE_SHUTDOWN:
	case JUDGE_LEASE_GONE:
		/* Not for a producer's eyes, but for --once: the task goes on elsewhere. */
		return found(f, REAPQ_V_WORKER_LOST, REAPQ_PROVED);
	case JUDGE_GARBLED:
	case JUDGE_RESULT_LIMIT:
		/* garbled, too_big or no_memory has come first */
	case JUDGE_NO_INTENT:
		return false;
	}
	return false;
}

/*
 * The record is the process's own word, so the usage has to bear it out: half of the
 * limit is far below any error of accounting.
 */
static bool
xcpu_by_kernel(const struct judge_evidence *e)
{
	return e->crash != NULL && e->crash->seen && !e->crash->asked &&
	       e->crash->code == SI_KERNEL && cpu_ms(e) >= e->limits.cpu_ms / 2;
}

/* Anybody may send a SIGXFSZ; only a record shows that nobody did. */
static void
judge_file_size(const struct judge_evidence *e, struct judge_finding *f)
{
	const struct crash_record *r = e->crash;

	if (r == NULL || !r->seen || r->asked)
		(void)found(f, REAPQ_V_FILE_SIZE_LIMIT, REAPQ_LIKELY);
	else if (r->sender_pid < 0)
		(void)found(f, REAPQ_V_FILE_SIZE_LIMIT, REAPQ_PROVED);
	else
		(void)found(f, REAPQ_V_SIGNAL, REAPQ_PROVED);
}

static void
judge_signal(const struct judge_evidence *e, struct judge_finding *f)
{
	int sig = e->wait_status;
	int64_t limit = e->limits.cpu_ms;
	bool soft = sig == SIGXCPU && limit > 0;
	bool hard = sig == SIGKILL && limit > 0;

	if (soft && (xcpu_by_kernel(e) || cpu_ms(e) >= limit - CPU_SLACK_MS))
		(void)found(f, REAPQ_V_CPU_LIMIT, REAPQ_PROVED);
	else if ((soft && cpu_ms(e) >= limit - CPU_TICKS_SLACK_MS(limit)) ||
		 (hard && cpu_ms(e) >= limit - CPU_SLACK_MS))
		(void)found(f, REAPQ_V_CPU_LIMIT, REAPQ_LIKELY);
	else if (sig == SIGXFSZ && e->limits.file_size >= 0)
		judge_file_size(e, f);
	else if (by_own_fault(sig) && near_memory_limit(e))
		(void)found(f, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY);
	else if (sig == SIGKILL)
		(void)found(f, REAPQ_V_SIGNAL, REAPQ_UNKNOWN);
	else
		(void)found(f, REAPQ_V_SIGNAL, REAPQ_PROVED);
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
	return found(f, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY);
}

/* Rows for an end of its own. */
static void
judge_end(const struct judge_evidence *e, struct judge_finding *f)
{
	if (e->crash != NULL && crash_words_sent(e->crash))
		(void)found(f, REAPQ_V_SIGNAL, REAPQ_PROVED);
	else if (judge_seccomp(e, f))
		return;
	else if (e->wait_code != CLD_EXITED)
		judge_signal(e, f);
	else if (e->wait_status == 0 && e->is_exec)
		(void)found(f, REAPQ_V_OK, REAPQ_PROVED);
	else
		(void)found(f, REAPQ_V_EXIT, REAPQ_PROVED);
}

void
judge(const struct judge_evidence *e, struct judge_finding *ret_finding)
{
	struct judge_finding *f = ret_finding;

	memset(f, 0, sizeof(*f));
	if (!judge_answer(e, f) && !judge_both(e, f) && !judge_intent(e, f) &&
	    !judge_cgroup(e, f))
		judge_end(e, f);
	judge_words_message(e, f);
	judge_words_evidence(e, f);
}
