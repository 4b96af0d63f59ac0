/*
 * leftovers.c - finds runaways by their gene and ends them.
 *
 * Reads /proc/self/task/TID/children (proc(5)): the direct children only, which after a
 * death includes every orphan. A descendant deeper down is found when its parent has
 * been killed. Holds no state: who is dead is the caller's to know.
 */
#include "leftovers.h"

#include "error.h"
#include "runner/link.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_MAX 4096

int
leftovers_adopt(struct reapq_error *err)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		return error_sys(err, errno, "prctl(PR_SET_CHILD_SUBREAPER)");
	return 0;
}

int
leftovers_children(pid_t *pids, int cap)
{
	char path[64], text[8192];
	size_t held = 0;
	int n = 0, fd;
	ssize_t got;

	/* One thread, so its id is the process's. */
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((got = read(fd, text + held, sizeof(text) - 1 - held)) > 0) {
		char *p = text;
		char *space;

		held += (size_t)got;
		text[held] = '\0';
		/* each pid is followed by a space */
		for (; (space = strchr(p, ' ')) != NULL; p = space + 1)
			if (n < cap)
				pids[n++] = (pid_t)strtol(p, NULL, 10);
		held = (size_t)(text + held - p);
		memmove(text, p, held);
	}
	close(fd);
	return n;
}

bool
leftovers_belongs(pid_t pid, uint32_t gen)
{
	struct rlimit gene;

	return prlimit(pid, RLIMIT_RTTIME, NULL, &gene) == 0 &&
	       gene.rlim_max == LINK_GENE_BASE + gen;
}

int
leftovers_sweep(uint32_t gen, pid_t leader, int *ret_reaped)
{
	static pid_t pids[CHILDREN_MAX];
	int n = leftovers_children(pids, CHILDREN_MAX);
	int left = 0;

	*ret_reaped = 0;
	for (int i = 0; i < n; i++) {
		siginfo_t si;

		if (pids[i] == leader || !leftovers_belongs(pids[i], gen))
			continue;
		(void)kill(pids[i], SIGKILL);
		memset(&si, 0, sizeof(si));
		if (waitid(P_PID, (id_t)pids[i], &si, WEXITED | WNOHANG) != 0)
			continue;
		if (si.si_pid == 0)
			left++;
		else if (si.si_code != CLD_EXITED && si.si_status == SIGKILL)
			(*ret_reaped)++;
	}
	return left;
}

void
leftovers_end(pid_t keep)
{
	static pid_t pids[CHILDREN_MAX];
	bool more = true;

	while (more) {
		int n = leftovers_children(pids, CHILDREN_MAX);

		more = false;
		for (int i = 0; i < n; i++) {
			if (pids[i] == keep || kill(pids[i], SIGKILL) != 0)
				continue;
			more = waitpid(pids[i], NULL, 0) == pids[i] || more;
		}
	}
}
