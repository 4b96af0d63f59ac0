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
#include <time.h>
#include <unistd.h>

#define CHILDREN_MAX 4096
#define REAP_MS 2000  /* at the very end, one process may take */
#define ROUNDS_MAX 16 /* each finds what the killed of the last had started */

int
leftovers_adopt(struct reapq_error *err)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
		return error_sys(err, errno, "prctl(PR_SET_CHILD_SUBREAPER)");
	return 0;
}

int
leftovers_read_children(const char *path, pid_t *pids, int cap)
{
	char text[8192];
	size_t held = 0;
	int n = 0, fd;
	ssize_t got;

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

int
leftovers_children(pid_t *pids, int cap)
{
	char path[64];

	/* One thread, so its id is the process's. */
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	return leftovers_read_children(path, pids, cap);
}

static rlim_t
hard_of(const char *limits)
{
	char *soft_end;

	(void)strtoull(limits, &soft_end, 10);
	return strtoull(soft_end, NULL, 10);
}

/* prlimit(2) of another user's process takes CAP_SYS_RESOURCE, which root in a container
 * does not have; what /proc shows of it takes nothing. */
static rlim_t
read_gene(pid_t pid)
{
	static const char name[] = "Max realtime timeout";
	char path[64], line[256];
	rlim_t value = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, sizeof(name) - 1) == 0)
			/* its soft limit, then its hard one; "unlimited" reads as 0 */
			value = hard_of(line + sizeof(name) - 1);
	if (f != NULL)
		(void)fclose(f);
	return value;
}

uint64_t
leftovers_gene(pid_t pid)
{
	struct rlimit gene;

	if (prlimit(pid, RLIMIT_RTTIME, NULL, &gene) == 0)
		return gene.rlim_max;
	return errno == EPERM ? read_gene(pid) : 0;
}

bool
leftovers_belongs(pid_t pid, uint32_t gen)
{
	return leftovers_gene(pid) == LINK_GENE_BASE(getpid()) + gen;
}

/* Was it found alive before? Remembers it. Past the table's end nobody is new: each is
 * looked at many times. */
static bool
seen_before(struct leftovers *l, pid_t pid)
{
	for (int i = 0; i < l->seen_n; i++)
		if (l->seen[i] == pid)
			return true;
	if (l->seen_n == LEFTOVERS_SEEN_MAX)
		return true;
	l->seen[l->seen_n++] = pid;
	return false;
}

void
leftovers_count(struct leftovers *l, pid_t pid)
{
	if (!seen_before(l, pid))
		l->count++;
}

int
leftovers_sweep(struct leftovers *l, uint32_t gen, pid_t leader, bool count_dead)
{
	static pid_t pids[CHILDREN_MAX];
	int n = leftovers_children(pids, CHILDREN_MAX);
	int found = 0;

	for (int i = 0; i < n; i++) {
		siginfo_t si;
		bool killed;

		if (pids[i] == leader || !leftovers_belongs(pids[i], gen))
			continue;
		memset(&si, 0, sizeof(si));
		if (waitid(P_PID, (id_t)pids[i], &si, WEXITED | WNOHANG) != 0)
			continue;
		found++;
		killed = si.si_code != CLD_EXITED && si.si_status == SIGKILL;
		if (si.si_pid == 0)
			(void)kill(pids[i], SIGKILL);
		l->killed += si.si_pid != 0 && killed;
		if ((si.si_pid == 0 || (killed && count_dead)) &&
		    !seen_before(l, pids[i]))
			l->count++;
	}
	return found;
}

/* Strangers that this process was given, by an exec or as a container's init, have no
 * gene and are left alone. */
static bool
has_any_gene(pid_t pid)
{
	rlim_t gene = leftovers_gene(pid);

	return gene > LINK_GENE_BASE(getpid()) &&
	       gene <= LINK_GENE_BASE(getpid()) + UINT32_MAX;
}

/* A traced zombie is its tracer's until that lets go: never wait without a bound. */
void
leftovers_reap(pid_t pid)
{
	static const struct timespec pause = {0, 1000000};

	for (int i = 0; i < REAP_MS && waitpid(pid, NULL, WNOHANG) == 0; i++)
		(void)nanosleep(&pause, NULL);
}

void
leftovers_end(void)
{
	static pid_t pids[CHILDREN_MAX];
	bool more = true;

	for (int round = 0; more && round < ROUNDS_MAX; round++) {
		int n = leftovers_children(pids, CHILDREN_MAX);

		more = false;
		for (int i = 0; i < n; i++)
			if (has_any_gene(pids[i]))
				more = kill(pids[i], SIGKILL) == 0 || more;
		for (int i = 0; i < n; i++)
			if (has_any_gene(pids[i]))
				leftovers_reap(pids[i]);
	}
}
