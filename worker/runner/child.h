/* child.h - what a forked child does: waits for its one task, runs it, ends. */
#ifndef RUNNER_CHILD_H
#define RUNNER_CHILD_H

#include "link.h"
#include "loader.h"
#include "sandbox_plan.h"
#include <stdint.h>
#include <sys/types.h>

struct child_setup {
	uint32_t gen;
	pid_t worker_pid;
	int chan_fd, out_fd, err_fd, page_fd;
	const struct loader *loader;
	const struct sandbox_plan *sandbox; /* NULL: none */
	uint32_t uid;                       /* its own, where the plan wants that */
	int cgroup_fds[LINK_CGROUP_FDS];    /* each a cgroup.procs to enter */
	int cgroup_fds_n;
};

/* Runs in the child, right after the fork. Ends with _exit, never returns. */
_Noreturn void child_main(const struct child_setup *setup);

#endif
