/*
 * attempt_isolation.c - between an attempt and worker/isolation.c.
 *
 * Owns nothing: slot and evidence are the attempt's. The order is the point: the counters
 * are read before the child has its task, and again when waitid has shown its death and
 * nothing is reaped, so that no death lies outside of them.
 */
#include "attempt_isolation.h"

#include "sandbox.h"
#include "tree_usage.h"
#include <signal.h>
#include <sys/wait.h>

struct reapq_limits
attempt_isolation_rest(const struct attempt *a)
{
	struct reapq_limits rest = a->limits;

	/* RLIMIT_DATA makes malloc fail, where a limit should stop the task. */
	if (!a->env->config->memory_rlimit)
		rest.memory = REAPQ_UNLIMITED;
	/* RLIMIT_NPROC counts all processes of the user. */
	if (isolation_limits_processes(a->env->isolation))
		rest.processes = REAPQ_UNLIMITED;
	return rest;
}

int
attempt_isolation_enter(struct attempt *a, struct child *c, struct reapq_error *err)
{
	a->slot = child_slot(c);
	a->evidence.pid = child_pid(c);
	a->evidence.seccomp = sandbox_profile(a->env->sandbox);
	a->evidence.memory_rlimit = a->env->config->memory_rlimit;
	return isolation_enter(a->env->isolation, a->slot, child_pid(c), &a->limits,
	    &a->evidence.cgroup, err);
}

void
attempt_isolation_read(struct attempt *a)
{
	bool unexplained = child_wait_code(a->child) == CLD_KILLED &&
			   child_wait_status(a->child) == SIGKILL &&
			   !a->evidence.killed;

	isolation_read(a->env->isolation, a->slot, child_pid(a->child), a->started_ms,
	    unexplained, &a->evidence.cgroup);
}

void
attempt_isolation_usage(struct attempt *a)
{
	const struct judge_cgroup *c = &a->evidence.cgroup;
	struct reapq_usage *u = &a->evidence.usage;

	a->evidence.waited_cpu_ms = tree_usage_waited_cpu_ms(child_pid(a->child));
	if (c->has_peak) {
		u->peak_memory = c->after.peak;
		u->memory_source = c->v2 ? "memory.peak" : "memory.max_usage_in_bytes";
	} else if (c->measured > u->peak_memory) {
		u->peak_memory = c->measured;
		u->memory_source = "watch";
	}
}
