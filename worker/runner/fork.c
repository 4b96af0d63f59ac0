/*
 * fork.c - clone(2) with CLONE_PARENT.
 *
 * Not clone3: Docker's default seccomp profile refuses it. The raw call goes past
 * glibc, which keeps the thread id in a place of its own; the kernel knows that place
 * (PR_GET_TID_ADDRESS) and writes the child's id there, as fork() has it do. Without
 * it, locks that remember their owner would name the runner.
 */
#include "fork.h"

#include <signal.h>
#include <stddef.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

pid_t
fork_sibling(void)
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
