/* tree_usage.h - the processes of a task, wherever they went, and what they use. */
#ifndef WORKER_TREE_USAGE_H
#define WORKER_TREE_USAGE_H

#include <stdint.h>
#include <sys/types.h>

/* The leader, what it started, and what of that was left to this worker (see
 * leftovers.h); at most cap. Best effort: processes come and go meanwhile. */
int tree_usage_processes(pid_t leader, uint32_t gen, pid_t *pids, int cap);

/* Resident bytes, summed: cheap, and too much where processes share pages. */
int64_t tree_usage_resident(const pid_t *pids, int n);

/* The same with each shared page counted once among those that share it; where the kernel
 * does not tell, private pages only. Costs some microseconds a MiB. */
int64_t tree_usage_exact(const pid_t *pids, int n);

/*
 * Milliseconds of CPU time of these and of all that they have waited for. Never too much,
 * if each parent stands before its children, as tree_usage_processes has them: what ends
 * meanwhile, or ended without a parent of the task's, is not in it.
 */
int64_t tree_usage_cpu_ms(const pid_t *pids, int n);

/* Of that, what those have used that pid, dead or alive, has waited for. */
int64_t tree_usage_waited_cpu_ms(pid_t pid);

#endif
