/*
 * isolation_probe.c - tries a slot with a process of its own, and words the result.
 *
 * The process lives for the length of one call, and is reaped in it.
 */
#include "isolation_probe.h"

#include "error.h"
#include "runner/fork.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define OOM_BYTES ((size_t)64 << 20)

void
isolation_probe_tier(
    struct isolation_probe *p, const char *tier, bool ok, const char *why)
{
	if (p->n == ISOLATION_PROBES_MAX)
		return;
	p->tried[p->n].tier = tier;
	p->tried[p->n].ok = ok;
	snprintf(p->tried[p->n].why, sizeof(p->tried[0].why), "%s", why);
	p->n++;
}

/* Waits for a byte or the end of its pipe; then takes memory if it is to. */
static _Noreturn void
probe_child(int fd, bool greedy)
{
	char byte;
	char *memory;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (read(fd, &byte, 1) <= 0 || !greedy)
		_exit(0);
	memory = mmap(NULL, OOM_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; memory != MAP_FAILED && i < OOM_BYTES; i += 4096)
		memory[i] = 1;
	_exit(1);
}

static pid_t
fork_probe(int *ret_fd, bool greedy, struct reapq_error *err)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) != 0) {
		(void)error_sys(err, errno, "pipe");
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		probe_child(fds[0], greedy);
	}
	close(fds[0]);
	*ret_fd = fds[1];
	if (pid < 0) {
		(void)error_sys(err, errno, "fork");
		close(fds[1]);
	}
	return pid;
}

static int
wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int
look(struct isolation_probe *p, const struct cgroup_slot *s, bool memory,
    struct reapq_error *err)
{
	struct cgroup_counters now = CGROUP_COUNTERS_NONE;

	cgroup_slot_read(s, true, &now);
	p->pids = now.pids_max >= 0;
	if (memory && now.oom_kill < 0)
		return error_set(
		    err, REAPQ_ESYS, "its OOM kills are not counted (oom_kill)");
	if (cgroup_slot_count(s) != 1)
		return error_set(
		    err, REAPQ_ESYS, "cgroup.procs does not show what was put in");
	return 0;
}

int
isolation_probe_slot(struct isolation_probe *p, struct cgroup_slot *s, bool memory,
    struct reapq_error *err)
{
	int fd, status, rc;
	pid_t pid = fork_probe(&fd, false, err);

	if (pid < 0)
		return REAPQ_ESYS;
	rc = cgroup_slot_enter(s, pid, true);
	rc = rc == 0 ? look(p, s, memory, err)
		     : error_sys(err, -rc, "a process cannot be put in");
	cgroup_slot_kill(s);
	/* The end of the pipe ends it too, with another status. */
	if (rc != 0)
		close(fd);
	status = wait_for(pid);
	if (rc != 0)
		return rc;
	close(fd);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		return error_set(err, REAPQ_ESYS, "what is in it cannot be killed");
	return 0;
}

int
isolation_probe_oom(const struct cgroup_slot *s, struct reapq_error *err)
{
	struct cgroup_counters before = CGROUP_COUNTERS_NONE;
	struct cgroup_counters after = CGROUP_COUNTERS_NONE;
	siginfo_t si;
	int fd, rc;
	pid_t pid = fork_probe(&fd, true, err);

	if (pid < 0)
		return REAPQ_ESYS;
	cgroup_slot_read(s, true, &before);
	rc = cgroup_slot_enter(s, pid, true);
	if (rc == 0 && write(fd, "x", 1) != 1)
		rc = -errno;
	close(fd);
	memset(&si, 0, sizeof(si));
	(void)waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT);
	cgroup_slot_read(s, true, &after);
	(void)wait_for(pid);
	if (rc != 0)
		return error_sys(err, -rc, "a process cannot be put in");
	if (si.si_code == CLD_EXITED || si.si_status != SIGKILL)
		return error_set(
		    err, REAPQ_ESYS, "64 MiB could be had with a limit of 8 MiB");
	if (after.oom_kill <= before.oom_kill)
		return error_set(err, REAPQ_ESYS,
		    "it was killed, and its cgroup's oom_kill did not rise");
	return 0;
}

int
isolation_probe_birth(const struct cgroup_slot *s, struct reapq_error *err)
{
	int fds[CGROUP_SLOT_DOORS_MAX], rc;
	bool into;

	(void)cgroup_slot_doors(s, false, fds, &into);
	if (!into)
		return error_set(err, REAPQ_ESYS, "each writes itself into v1's");
	rc = fork_try(fds[0]);
	return rc == 0 ? 0
		       : error_sys(err, -rc, "each writes itself in: clone3 was tried");
}

/* ---- words -------------------------------------------------------------------- */

static const char *
said_of(const struct isolation_probe *p, const char *tier)
{
	for (int i = 0; i < p->n; i++)
		if (strcmp(p->tried[i].tier, tier) == 0 && !p->tried[i].ok)
			return p->tried[i].why;
	return "";
}

const char *
isolation_probe_why(const struct isolation_probe *p, const char *tier)
{
	static char text[768];

	if (strcmp(tier, "A") == 0)
		return "each task in a cgroup v2 of its own, with memory";
	if (strcmp(tier, "B") == 0)
		return "each task in cgroups v1 of its own, with memory";
	if (p->forced)
		return "by --isolation";
	snprintf(text, sizeof(text), "%s; cgroup v2: %s; v1: %s",
	    strcmp(tier, "A0") == 0 ? "no memory controller to give to tasks"
	    : strcmp(tier, "C!") == 0
		? "only counters that all tasks share, and an OOM "
		  "kill takes the worker along"
	    : strcmp(tier, "C") == 0 ? "only counters that all tasks share"
				     : "no cgroups that can be used",
	    said_of(p, "A"), said_of(p, "B"));
	return text;
}

const char *
isolation_probe_cure(const struct isolation_probe *p, const char *tier)
{
	if (p->forced || strcmp(tier, "A") == 0 || strcmp(tier, "B") == 0)
		return "";
	if (strcmp(tier, "C!") == 0)
		return "memory.oom.group=0 for the container (Kubernetes: "
		       "singleProcessOOMKill), and writable cgroups";
	return "systemd: Delegate=yes in the unit; Docker 28 or newer: --security-opt "
	       "writable-cgroups=true";
}

void
isolation_probe_row(FILE *out, const char *what, bool ok, const char *why)
{
	fprintf(out, "%-34s %s%s%s\n", what, ok ? "yes" : "no",
	    why[0] != '\0' ? "  " : "", why);
}

void
isolation_probe_print(const struct isolation_probe *p, const char *tier, FILE *out)
{
	static const char *const what[][2] = {
	    {"A", "A: cgroup v2 a task, with memory"},
	    {"B", "B: cgroup v1 a task, with memory"},
	    {"A0", "A0: cgroup v2 a task, no memory"},
	    {"C", "C: shared counters readable"},
	};

	fprintf(out, "isolation: %s (%s)\n", tier, isolation_probe_why(p, tier));
	if (isolation_probe_cure(p, tier)[0] != '\0')
		fprintf(out, "  for more: %s\n", isolation_probe_cure(p, tier));
	for (size_t k = 0; k < sizeof(what) / sizeof(what[0]); k++)
		for (int i = 0; i < p->n; i++)
			if (strcmp(p->tried[i].tier, what[k][0]) == 0)
				isolation_probe_row(
				    out, what[k][1], p->tried[i].ok, p->tried[i].why);
}
