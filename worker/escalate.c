/*
 * escalate.c - owns the rule by which a memory limit is raised. Pure.
 *
 * Invariant: what it asks for is above what was in force and within the ceiling, so each
 * try differs from the last; and ESCALATE_MAX bounds their number whatever the step.
 */
#include "escalate.h"

static int64_t
raised(const struct wire_task *task, int64_t limit)
{
	int64_t more = task->oom_step;

	if (task->oom_factor > 100) {
		if (limit / 100 > INT64_MAX / task->oom_factor)
			return INT64_MAX;
		more = limit / 100 * (task->oom_factor - 100) +
		       limit % 100 * (task->oom_factor - 100) / 100;
	}
	return limit > INT64_MAX - more ? INT64_MAX : limit + more;
}

bool
escalate(const struct wire_task *task, enum reapq_verdict verdict, int64_t in_force,
    int64_t ceiling, int64_t *ret_memory)
{
	int64_t more;

	if (verdict != REAPQ_V_MEMORY_LIMIT && verdict != REAPQ_V_OOM)
		return false;
	/* without a limit there is nothing to raise */
	if (in_force <= 0 || task->oom_raised >= ESCALATE_MAX)
		return false;
	more = raised(task, in_force);
	if (ceiling > 0 && more > ceiling)
		more = ceiling;
	*ret_memory = more;
	return more > in_force;
}
