/* cpus.h - how many cores this process may really use. */
#ifndef WORKER_CPUS_H
#define WORKER_CPUS_H

/* Cores of its affinity mask, or the cgroup's CPU quota (v2 cpu.max, v1 cfs_quota)
 * rounded up, whichever is less; at least 1. */
int cpus_usable(void);

#endif
