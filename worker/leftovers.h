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

/* So many are told apart; a count that has come here says "at least". */
#define LEFTOVERS_SEEN_MAX 1024

/* The sweep after one child; zero it first. */
struct leftovers {
	int count;  /* processes that outlived the child */
	int killed; /* processes of its that were found dead of a SIGKILL, whoever's */
	pid_t seen[LEFTOVERS_SEEN_MAX];
	int seen_n;
};

/*
 * Kills what belongs to child gen but is not leader, and reaps what has died of it. Counts
 * what it finds alive and, if count_dead, what it finds dead by SIGKILL: the first call
 * must come before the child's group is killed, and count_dead must be off when this
 * worker had killed the group itself. Returns how many it found, alive or dead: call again
 * until it is 0, as the dead may leave children of their own.
 */
int leftovers_sweep(struct leftovers *l, uint32_t gen, pid_t leader, bool count_dead);

/* Counts pid, which is about to be killed by other means, as one that outlived the child. */
void leftovers_count(struct leftovers *l, pid_t pid);

/* Reaps a child that was sent a SIGKILL, if that comes to an end within 2 s. Blocks. */
void leftovers_reap(pid_t pid);

/* At the very end: kills and reaps every process that any child of ours has left. */
void leftovers_end(void);

/* Is pid, a child of this process, of child gen's making? */
bool leftovers_belongs(pid_t pid, uint32_t gen);

/* The mark that it carries, see runner/link.h; 0, or out of the marks' range: none. */
uint64_t leftovers_gene(pid_t pid);

/* Pids in a file /proc/PID/task/TID/children, at most cap; returns how many, -1: not
 * readable. */
int leftovers_read_children(const char *path, pid_t *pids, int cap);

/* Pids of this process's children, at most cap; returns how many, -1: not readable. */
int leftovers_children(pid_t *pids, int cap);

#endif
