/* fork.h - makes a child that is the worker's, not the runner's. */
#ifndef RUNNER_FORK_H
#define RUNNER_FORK_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Like fork(2), but the new process is a child of the caller's parent (CLONE_PARENT), so
 * that the worker itself waits for it and sees its status and usage. The caller must be
 * single-threaded. -1 and errno; EINVAL in the init of a PID namespace.
 *
 * cgroup_fd: the directory of a cgroup v2 to be born in, or -1. *ret_inside tells parent
 * and child whether it is: where clone3 is refused it is not, and no failure.
 */
pid_t fork_sibling(int cgroup_fd, bool *ret_inside);

/* Forks a child into the cgroup v2 that ends at once, and waits for it. 0, or a negative
 * errno; -EOWNERDEAD: it was killed at its birth, as some kernels do. */
int fork_try(int cgroup_fd);

#endif
