/*
 * leftovers.h - processes that a child started and that outlived it.
 *
 * The worker is a subreaper: when a child dies, what it had forked becomes the worker's
 * own child, whatever session it went to. It carries the dead child's gene (see
 * runner/link.h), so it can be told from the runaways of children that still run.
 */
#ifndef WORKER_LEFTOVERS_H
#define WORKER_LEFTOVERS_H

#include <reapq/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Makes this process the subreaper of all that it starts, prctl(2). */
int leftovers_adopt(struct reapq_error *err);

/*
 * Kills what belongs to child gen but is not leader, and reaps what has died of it.
 * *ret_reaped: how many were reaped in this call that a SIGKILL had ended. Returns how many
 * are still there: call again until it is 0, as the dead may leave children of their own.
 */
int leftovers_sweep(uint32_t gen, pid_t leader, int *ret_reaped);

/* Is pid, a child of this process, of child gen's making? */
bool leftovers_belongs(pid_t pid, uint32_t gen);

/* At the very end: kills and reaps every child but keep (0: none), and what they leave. */
void leftovers_end(pid_t keep);

/* Pids of this process's children, at most cap; returns how many, -1: not readable. */
int leftovers_children(pid_t *pids, int cap);

#endif
