/* attempt_isolation.h - an attempt's cgroup: in before user code, read before reaping. */
#ifndef WORKER_ATTEMPT_ISOLATION_H
#define WORKER_ATTEMPT_ISOLATION_H

#include "attempt.h"

/* The limits that the child has to put on itself: what no cgroup and no watch does. */
struct reapq_limits attempt_isolation_rest(const struct attempt *a);

/* In the child's own cgroup: the limits, and the first reading. */
int attempt_isolation_enter(
    struct attempt *a, struct child *c, struct reapq_error *err);

/* Its child is dead and nothing is reaped yet. */
void attempt_isolation_read(struct attempt *a);

/* After child_usage: what a cgroup or a watch knows better. */
void attempt_isolation_usage(struct attempt *a);

#endif
