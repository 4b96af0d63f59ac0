/*
 * orphans.h - what the tasks of a dead worker left running on this machine.
 */
#ifndef WORKER_ORPHANS_H
#define WORKER_ORPHANS_H

/*
 * Kills every process of this user that a task had started and whose worker is dead; returns
 * how many. A process of a living worker, a stranger's, or one in another PID namespace is
 * left alone, and so is whatever cannot be read.
 */
int orphans_sweep(void);

#endif
