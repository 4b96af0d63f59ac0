/*
 * fork.c - clone3(2) into a cgroup, and clone(2), with CLONE_PARENT.
 *
 * clone3 is tried, never relied on: Docker's default seccomp profile refuses it, and some
 * kernels kill what is born so in a cgroup whose kills by cgroup.kill are not as many as
 * those of the parent's (docs/adr/0043). Refused once, it is not tried again. The raw calls
 * go past glibc, which keeps the thread id in a place of its own; the kernel knows that
 * place (PR_GET_TID_ADDRESS) and writes the child's id there, as fork() has it do. Without
 * it, locks that remember their owner would name the runner.
 */
#include "fork.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int *
tid_address(void)
{
	static int *address;
	static int asked;

	if (!asked) {
		asked = 1;
		if (prctl(PR_GET_TID_ADDRESS, &address) != 0)
			address = NULL;
	}
	return address;
}

static pid_t
fork_into(int cgroup_fd, uint64_t flags)
{
	struct clone_args args;
	int *ctid = tid_address();

	memset(&args, 0, sizeof(args));
	args.flags = flags | (uint64_t)CLONE_INTO_CGROUP;
	args.cgroup = (unsigned)cgroup_fd;
	/* With CLONE_PARENT it is the caller's own, and may not be named: clone3(2). */
	args.exit_signal = (flags & CLONE_PARENT) != 0 ? 0U : (unsigned)SIGCHLD;
	if (ctid != NULL) {
		args.flags |= (uint64_t)(CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID);
		args.child_tid = (uint64_t)(uintptr_t)ctid;
	}
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

int
fork_try(int cgroup_fd)
{
	pid_t pid = fork_into(cgroup_fd, 0);
	int status = 0;

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? 0 : -EOWNERDEAD;
}

static pid_t
clone_sibling(void)
{
	unsigned long flags = CLONE_PARENT | SIGCHLD;
	int *ctid = tid_address();

	if (ctid != NULL)
		flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
		/* The order of the last two differs between architectures, clone(2). */
#if defined(__x86_64__)
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, ctid, 0UL);
#else
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, 0UL, ctid);
#endif
}

pid_t
fork_sibling(int cgroup_fd, bool *ret_inside)
{
	static bool tried, refused;
	pid_t pid;

	if (cgroup_fd >= 0 && !tried) {
		tried = true;
		refused = fork_try(cgroup_fd) != 0;
	}
	*ret_inside = cgroup_fd >= 0 && !refused;
	if (*ret_inside) {
		pid = fork_into(cgroup_fd, CLONE_PARENT);
		/* Those two are of any fork. */
		if (pid >= 0 || errno == EAGAIN || errno == ENOMEM)
			return pid;
		/* ENODEV: somebody removed this one cgroup */
		refused = errno != ENODEV;
		*ret_inside = false;
	}
	return clone_sibling();
}
