/*
 * cgroup_slot.c - puts a process into a slot's cgroup, reads it, and empties it.
 *
 * Owns the slot's descriptors. All are opened once: a task costs no path look-up. A file
 * that the host does not have reads as -1 and is never taken for zero.
 */
#include "cgroup_slot.h"

#include "cgroup_oomd.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROCS_MAX 4096
#define FREEZE_TRIES 100 /* of 1 ms */

void
cgroup_slot_init(struct cgroup_slot *s)
{
	static const struct cgroup_dir none = CGROUP_DIR_NONE;

	memset(s, 0, sizeof(*s));
	s->memory = s->pids = s->tree = none;
	s->memory_max = s->pids_max = -1;
	for (int i = 0; i < CGROUP_FILE_COUNT; i++)
		s->fd[i] = -1;
}

void
cgroup_slot_remove(struct cgroup_slot *s)
{
	for (int i = 0; i < CGROUP_FILE_COUNT; i++) {
		if (s->fd[i] >= 0)
			close(s->fd[i]);
		s->fd[i] = -1;
	}
	cgroup_dir_remove(&s->tree);
	cgroup_dir_remove(&s->memory);
	cgroup_dir_remove(&s->pids);
}

int
cgroup_slot_enter(const struct cgroup_slot *s, pid_t pid, bool pids)
{
	/* The tree's first: what can kill it must have it before anything else. */
	static const enum cgroup_file order[] = {
	    CGROUP_TREE_PROCS, CGROUP_MEMORY_PROCS, CGROUP_PIDS_PROCS};
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) - !pids; i++)
		if (s->fd[order[i]] >= 0 && !cgroup_dir_rewrite(s->fd[order[i]], text))
			return -errno;
	return 0;
}

static int64_t
number_of(int fd)
{
	char text[64];

	return cgroup_dir_reread(fd, text, sizeof(text)) ? cgroup_parse_number(text)
							 : -1;
}

void
cgroup_slot_read(
    const struct cgroup_slot *s, bool limited, struct cgroup_counters *counters)
{
	struct cgroup_counters *c = counters;
	char text[1024];

	if (cgroup_dir_reread(s->fd[CGROUP_EVENTS], text, sizeof(text))) {
		c->oom_kill = cgroup_parse_key(text, "oom_kill");
		c->oom_group_kill = cgroup_parse_key(text, "oom_group_kill");
		c->oom = cgroup_parse_key(text, "oom");
	}
	c->peak = number_of(s->fd[CGROUP_PEAK]);
	cgroup_oomd_read(s->tree.fd, c);
	if (!limited)
		return;
	c->failcnt = number_of(s->fd[CGROUP_FAILCNT]);
	c->pids_peak = number_of(s->fd[CGROUP_PIDS_PEAK]);
	if (cgroup_dir_reread(s->fd[CGROUP_PIDS_EVENTS], text, sizeof(text)))
		c->pids_max = cgroup_parse_key(text, "max");
}

int64_t
cgroup_slot_cpu_us(const struct cgroup_slot *s)
{
	char text[1024];

	return cgroup_dir_reread(s->fd[CGROUP_CPU], text, sizeof(text))
		   ? cgroup_parse_key(text, "usage_usec")
		   : -1;
}

int64_t
cgroup_slot_usage(const struct cgroup_slot *s)
{
	return number_of(s->fd[CGROUP_USAGE]);
}

void
cgroup_slot_reset_peak(struct cgroup_slot *s)
{
	/* v1: any write resets; v2 since 6.12: this descriptor's view begins anew. */
	s->peak_reset = cgroup_dir_rewrite(s->fd[CGROUP_PEAK], "0");
}

static void
kill_listed(const struct cgroup_slot *s)
{
	static pid_t pids[PROCS_MAX];
	int n = cgroup_dir_procs(s->fd[CGROUP_TREE_PROCS], pids, PROCS_MAX);

	for (int i = 0; i < n; i++)
		if (pids[i] > 0)
			(void)kill(pids[i], SIGKILL);
}

static void
freeze(const struct cgroup_slot *s)
{
	char text[32];

	(void)cgroup_dir_rewrite(s->fd[CGROUP_FREEZE], "FROZEN");
	for (int i = 0; i < FREEZE_TRIES; i++) {
		if (!cgroup_dir_reread(s->fd[CGROUP_FREEZE], text, sizeof(text)) ||
		    strncmp(text, "FREEZING", 8) != 0)
			return;
		(void)poll(NULL, 0, 1);
	}
}

void
cgroup_slot_kill(const struct cgroup_slot *s)
{
	if (cgroup_dir_rewrite(s->fd[CGROUP_KILL], "1"))
		return;
	/* Nothing forks while it is frozen, so that the list is the whole of it. */
	freeze(s);
	kill_listed(s);
	(void)cgroup_dir_rewrite(s->fd[CGROUP_FREEZE], "THAWED");
}

int
cgroup_slot_count(const struct cgroup_slot *s)
{
	static pid_t pids[PROCS_MAX];

	return cgroup_dir_procs(s->fd[CGROUP_TREE_PROCS], pids, PROCS_MAX);
}
