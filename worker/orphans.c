/*
 * orphans.c - finds processes by the gene of a worker that is gone.
 *
 * The gene (runner/link.h) names the worker that forked the process. A living worker is an
 * ancestor of all that carries its gene, since it is a subreaper: orphans become its own
 * children. So what carries a gene and has not that worker above it has lost it. Every doubt
 * spares the process: the number of a dead worker that has been given to another process
 * above it, a parent that ended while it was looked at, a second PID namespace. And where
 * this process has a gene itself, it is part of a task: that task's worker may be outside of
 * this PID namespace, with a number that means nothing here, so its tasks are spared too.
 */
#include "orphans.h"

#include "leftovers.h"
#include "runner/link.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX 1000
#define ROUNDS_MAX 16 /* each finds what the last had started meanwhile */

/* /proc/PID/status, bounded; false: it is gone, or not ours to read. */
static bool
read_status(pid_t pid, char *text, size_t cap)
{
	char path[40];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, cap - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* What stands after "\nNAME:\t"; NULL: no such line. */
static const char *
line(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at != NULL ? at + strlen(name) : NULL;
}

/* The worker that its gene names; 0: it has none. */
static pid_t
worker_of(pid_t pid)
{
	uint64_t gene = leftovers_gene(pid);

	if (gene > INT64_MAX || (gene & (LINK_GENE_BASE(1) - 1)) > UINT32_MAX)
		return 0;
	return (pid_t)(gene / LINK_GENE_BASE(1));
}

static bool
is_above(pid_t worker, pid_t pid, bool *ret_sure)
{
	char text[4096];

	*ret_sure = false;
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		const char *parent;

		if (!read_status(pid, text, sizeof(text)) ||
		    (parent = line(text, "\nPPid:\t")) == NULL)
			return false;
		pid = (pid_t)strtol(parent, NULL, 10);
		if (pid == worker)
			return true;
		if (pid <= 1) {
			*ret_sure = true;
			return false;
		}
	}
	return false;
}

/* Ours, alive, and known by one number alone: that of this PID namespace. Root's tasks may
 * have been given other users (--child-uids). */
static bool
is_candidate(pid_t pid)
{
	char text[4096];
	const char *state, *uid, *ns;

	if (!read_status(pid, text, sizeof(text)) ||
	    (state = line(text, "\nState:\t")) == NULL ||
	    (uid = line(text, "\nUid:\t")) == NULL ||
	    (ns = line(text, "\nNSpid:\t")) == NULL)
		return false;
	return strchr("ZX", *state) == NULL &&
	       (getuid() == 0 || strtoul(uid, NULL, 10) == getuid()) &&
	       strcspn(ns, "\t\n") == strcspn(ns, "\n");
}

static bool
end_orphan(pid_t pid)
{
	pid_t worker = worker_of(pid);
	bool sure[2], killed = false;
	int fd;

	/* 1: what every gene had said before they named the worker */
	if (worker <= 1 || worker == worker_of(getpid()) ||
	    (fd = (int)syscall(SYS_pidfd_open, pid, 0)) < 0)
		return false;
	/* From here on the number is this process's until fd is closed, or it is dead.
	 * Asked twice, as the numbers above it may be given away meanwhile. */
	if (worker_of(pid) == worker && is_candidate(pid) &&
	    !is_above(worker, pid, &sure[0]) && sure[0] &&
	    !is_above(worker, pid, &sure[1]) && sure[1])
		killed = syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0;
	close(fd);
	return killed;
}

/* A /proc of another PID namespace has other numbers. */
static bool
proc_is_ours(void)
{
	char text[24];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return n > 0 && strtol(text, NULL, 10) == (long)getpid();
}

/* Was there any? They take a moment to die, and may have started others. */
static bool
sweep_once(struct leftovers *seen)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	bool any = false;

	if (dir == NULL)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 1 && pid != getpid() && end_orphan(pid)) {
			leftovers_count(seen, pid);
			any = true;
		}
	}
	closedir(dir);
	return any;
}

int
orphans_sweep(void)
{
	static const struct timespec pause = {0, 5000000};
	struct leftovers seen = {0};
	bool more = proc_is_ours();

	for (int round = 0; more && round < ROUNDS_MAX; round++) {
		if (round > 0)
			(void)nanosleep(&pause, NULL);
		more = sweep_once(&seen);
	}
	return seen.count;
}
