/*
 * isolation_tier.h - the names of how well tasks are kept apart.
 *
 * A: a cgroup v2 a task, with memory. A0: one without. B: cgroup v1 with memory. C: only
 * the counters of the cgroup that all share; C!: in which an OOM kill kills all. D: none.
 */
#ifndef WORKER_ISOLATION_TIER_H
#define WORKER_ISOLATION_TIER_H

#include <stdbool.h>

enum isolation_tier {
	ISOLATION_AUTO = 0,
	ISOLATION_A,
	ISOLATION_A0,
	ISOLATION_B,
	ISOLATION_C,
	ISOLATION_D
};

/* "auto", "A", "A0"...; negative: none of these. */
int isolation_tier_parse(const char *text);

/* oom_group: of the cgroup that all share. */
const char *isolation_tier_name(enum isolation_tier tier, bool oom_group);

#endif
