/*
 * isolation_pool.h - the slots: each a cgroup, for one child from its fork to its end.
 *
 * For isolation.c alone, which knows the tier.
 */
#ifndef WORKER_ISOLATION_POOL_H
#define WORKER_ISOLATION_POOL_H

#include "cgroup_slot.h"
#include <reapq/error.h>
#include <sys/queue.h>

struct isolation_slot {
	SLIST_ENTRY(isolation_slot) link;
	struct cgroup_slot cg;
	struct cgroup_counters last; /* of a task: before it */
	int64_t cpu_us;              /* when the task entered; -1: not asked for */
	bool busy;                   /* its child has a task */
	bool limited;                /* so that counters of limits may rise */
	bool crowded;                /* somebody was left in it */
	bool killed;                 /* its child, and nobody knows by whom */
	bool in_pids;                /* v1: its child is in pids from its birth */
	bool clean;                  /* looked through when it was given back */
};

struct isolation_pool {
	SLIST_HEAD(, isolation_slot) free;
	const struct cgroup_homes *homes;
	bool v1;
	bool memory; /* slots have a memory counter of their own */
	unsigned made;
	bool memory_seen, limits_seen; /* tasks with such limits come to this worker */
};

void isolation_pool_init(
    struct isolation_pool *p, const struct cgroup_homes *homes, bool v1, bool memory);
void isolation_pool_free(struct isolation_pool *p);
int isolation_pool_prepare(struct isolation_pool *p, int n, struct reapq_error *err);

/* An empty slot; NULL: err says why. */
struct isolation_slot *isolation_pool_take(
    struct isolation_pool *p, struct reapq_error *err);
/* For the task of pid, which is in it or about to be: the limits. A slot that what was
 * before would blur is made anew, and pid moved. */
int isolation_pool_admit(struct isolation_pool *p, struct isolation_slot *slot,
    pid_t pid, int64_t memory, int64_t processes, struct reapq_error *err);
/* Its child is reaped. */
void isolation_pool_give(struct isolation_pool *p, struct isolation_slot *slot);
/* Its child may still live, or come to it yet: what is in it dies, and it is made anew. */
void isolation_pool_purge(struct isolation_pool *p, struct isolation_slot *slot);
/* Removes its cgroup, for good. */
void isolation_pool_drop(struct isolation_slot *slot);

int isolation_pool_limit(struct isolation_pool *p, struct isolation_slot *slot,
    int64_t memory, int64_t processes, struct reapq_error *err);

#endif
