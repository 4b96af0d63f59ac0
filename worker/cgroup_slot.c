/*
 * cgroup_slot.c - puts a process into a slot's cgroup, reads it, and empties it.
 *
 * Owns the slot's descriptors. All are opened once: a task costs no path look-up. A file
 * that the host does not have reads as -1 and is never taken for zero.
 */
#include "cgroup_slot.h"

#include "cgroup_oomd.h"
#include <errno.h>
#include <fcntl.h>
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

/* The tree's first: what can kill it must have it before anything else. memory's last: who
 * is in there is in all of them. */
static const enum cgroup_file doors[] = {
    CGROUP_TREE_PROCS, CGROUP_PIDS_PROCS, CGROUP_MEMORY_PROCS};

#define DOORS (sizeof(doors) / sizeof(doors[0]))

static bool
is_door(const struct cgroup_slot *s, size_t i, bool pids)
{
	return s->fd[doors[i]] >= 0 && (pids || doors[i] != CGROUP_PIDS_PROCS);
}

int
cgroup_slot_enter(const struct cgroup_slot *s, pid_t pid, bool pids)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < DOORS; i++)
		if (is_door(s, i, pids) && !cgroup_dir_rewrite(s->fd[doors[i]], text))
			return -errno;
	return 0;
}

int
cgroup_slot_enter_pids(const struct cgroup_slot *s, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return s->fd[CGROUP_PIDS_PROCS] < 0 ||
		       cgroup_dir_rewrite(s->fd[CGROUP_PIDS_PROCS], text)
		   ? 0
		   : -errno;
}

int
cgroup_slot_doors(const struct cgroup_slot *s, bool pids,
    int fds[CGROUP_SLOT_DOORS_MAX], bool *ret_into)
{
	int n = 0;

	/* Only v1 has that file. */
	*ret_into = s->fd[CGROUP_TREE_PROCS] >= 0 && s->fd[CGROUP_FREEZE] < 0;
	if (*ret_into)
		fds[n++] = s->tree.fd;
	for (size_t i = 0; i < DOORS; i++)
		if (is_door(s, i, pids))
			fds[n++] = s->fd[doors[i]];
	return n;
}

bool
cgroup_slot_has(const struct cgroup_slot *s, pid_t pid)
{
	static pid_t pids[PROCS_MAX];
	bool v1 = s->fd[CGROUP_MEMORY_PROCS] >= 0;
	/* Opened anew: v1 keeps what it has listed by a descriptor for a second. */
	int fd = cgroup_dir_open(v1 ? &s->memory : &s->tree, "cgroup.procs", O_RDONLY);
	int n = cgroup_dir_procs(fd, pids, PROCS_MAX);
	bool found = false;

	for (int i = 0; i < n && !found; i++)
		found = pids[i] == pid;
	if (fd >= 0)
		close(fd);
	return found;
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
