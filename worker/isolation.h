/*
 * isolation.h - how well this host lets tasks be kept apart, and doing it.
 *
 * Policy: which tier holds is found by doing the thing once at the start, never from a
 * version; slots' cgroups are pooled. The mechanism is in cgroup_v1.c and cgroup_v2.c.
 */
#ifndef WORKER_ISOLATION_H
#define WORKER_ISOLATION_H

#include "cgroup_slot.h"
#include "isolation_tier.h"
#include "judge_cgroup.h"
#include <reapq/error.h>
#include <reapq/task.h>
#include <stdio.h>

struct isolation;
struct isolation_slot;

/*
 * Finds the tier and makes what it needs; name: of this worker. Before anything is forked,
 * as it may move this process into a cgroup of its own. An error only if wanted is not
 * ISOLATION_AUTO and cannot be had.
 */
int isolation_new(struct isolation **ret_iso, enum isolation_tier wanted,
    const char *name, struct reapq_error *err);
/* Makes slots ahead, so that n tasks at a time find theirs. */
int isolation_prepare(struct isolation *iso, int n, struct reapq_error *err);
/* Removes its cgroups. */
void isolation_free(struct isolation *iso);

const char *isolation_name(const struct isolation *iso); /* "A".."D", "C!" */
const char *isolation_why(const struct isolation *iso);
const char *isolation_cure(const struct isolation *iso); /* "": none is needed */
/* One line of the log: the tier, why, and the cure. */
void isolation_log(const struct isolation *iso);
/* Every probe, a row each. */
void isolation_print(struct isolation *iso, FILE *out);
/* A real OOM kill in a cgroup of its own: what came of it, on out. */
void isolation_oom_test(struct isolation *iso, FILE *out);

/* The memory limit of the cgroup in which an OOM kill takes this worker along (C!); -1:
 * there is no such, or it has none. */
int64_t isolation_fatal_limit(const struct isolation *iso);

/* Does the kernel hold a task's tree to this limit? Else somebody else has to. */
bool isolation_limits_memory(const struct isolation *iso);
bool isolation_limits_processes(const struct isolation *iso);

#define ISOLATION_DOORS_MAX CGROUP_SLOT_DOORS_MAX

/* A cgroup for a child that is to be forked. *ret_slot NULL: this tier has none. */
int isolation_reserve(
    struct isolation *iso, struct isolation_slot **ret_slot, struct reapq_error *err);
/* By which it comes into it: cgroup_slot_doors. slot may be NULL. */
int isolation_doors(
    const struct isolation_slot *slot, int fds[ISOLATION_DOORS_MAX], bool *ret_into);
/* The child gets a task: sets these limits and reads the counters. slot may be NULL; the
 * reading may have shared ones all the same. */
int isolation_enter(struct isolation *iso, struct isolation_slot *slot, pid_t pid,
    const struct reapq_limits *limits, struct judge_cgroup *ret_reading,
    struct reapq_error *err);
/* The same counters again. To be called when pid is dead and nothing of it reaped.
 * unexplained: a SIGKILL that this worker did not send ended it. */
void isolation_read(struct isolation *iso, struct isolation_slot *slot, pid_t pid,
    int64_t started_ms, bool unexplained, struct judge_cgroup *reading);

/* Of slots that may be NULL: kills all that is in it. Returns how many live there still;
 * 0 too if that cannot be known. */
int isolation_kill(struct isolation_slot *slot);
/* The processes in it, at most cap; -1: not known. */
int isolation_processes(const struct isolation_slot *slot, pid_t *pids, int cap);
/* CPU time of all that ever ran in it since it was entered; -1: not known. */
int64_t isolation_cpu_ms(const struct isolation_slot *slot);
/* The child is over. gone: it was in there, and is reaped; else it may live, or come to
 * it yet. slot may be NULL. */
void isolation_leave(struct isolation *iso, struct isolation_slot *slot, bool gone);

#endif
