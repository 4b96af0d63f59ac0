/* rlimits.h - puts a task's limits on the calling process, before any user code. */
#ifndef RUNNER_RLIMITS_H
#define RUNNER_RLIMITS_H

#include <reapq/task.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Soft and hard alike, except CPU: SIGXCPU at the limit, SIGKILL one second later. A limit
 * that this process may not raise (the hard limit is lower) stays at the hard limit.
 * fresh_image: an exec follows, so the memory limit need not leave room for what was
 * inherited. 0, or negative errno with *ret_what naming the limit.
 */
int rlimits_apply(
    const struct reapq_limits *l, bool fresh_image, const char **ret_what);

/* Marks the process, and all that it will ever start, as this worker's child gen's (see
 * link.h). */
void rlimits_set_gene(pid_t worker, uint32_t gen);

#endif
