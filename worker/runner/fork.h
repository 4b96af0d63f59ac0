/* fork.h - makes a child that is the worker's, not the runner's. */
#ifndef RUNNER_FORK_H
#define RUNNER_FORK_H

#include <sys/types.h>

/*
 * Like fork(2), but the new process is a child of the caller's parent (CLONE_PARENT), so
 * that the worker itself waits for it and sees its status and usage. The caller must be
 * single-threaded. -1 and errno; EINVAL in the init of a PID namespace.
 */
pid_t fork_sibling(void);

#endif
