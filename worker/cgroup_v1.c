/*
 * cgroup_v1.c - the directories, files and limits of cgroup v1.
 *
 * Owns nothing; homes and slots are the caller's. Each controller is a hierarchy of its
 * own. Swap is taken away by a memsw limit hardly higher than the memory limit, where the
 * kernel accounts for swap at all.
 */
#include "cgroup_v1.h"

#include "error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* With both limits of one height Linux 6.18 counts the hit in neither failcnt. */
#define SWAP_SLACK 262144

static int
open_home(struct cgroup_dir *home, const char *controller, const char *name,
    struct reapq_error *err)
{
	char parent[CGROUP_DIR_PATH_MAX];

	if (!cgroup_dir_own(controller, parent, sizeof(parent)))
		return error_set(err, REAPQ_ENOENT,
		    "no cgroup v1 hierarchy of the %s controller", controller);
	cgroup_dir_sweep(parent);
	return cgroup_dir_make_home(home, parent, name, err);
}

int
cgroup_v1_open(struct cgroup_homes *homes, const char *name, struct reapq_error *err)
{
	char freezer[CGROUP_DIR_PATH_MAX];
	int rc = open_home(&homes->memory, "memory", name, err);

	if (rc != 0)
		return rc;
	/* A dead worker may have used it where this one does not. */
	if (cgroup_dir_own("freezer", freezer, sizeof(freezer)))
		cgroup_dir_sweep(freezer);
	/* Without it forks are limited by RLIMIT_NPROC, which is no reason to do without
	 * the rest. */
	(void)open_home(&homes->pids, "pids", name, NULL);
	return 0;
}

int
cgroup_v1_open_freezer(
    struct cgroup_homes *homes, const char *name, struct reapq_error *err)
{
	return open_home(&homes->tree, "freezer", name, err);
}

static void
open_memory(struct cgroup_slot *s)
{
	const struct cgroup_dir *d = &s->memory;

	s->fd[CGROUP_MEMORY_PROCS] = cgroup_dir_open(d, "cgroup.procs", O_WRONLY);
	s->fd[CGROUP_MEMORY_MAX] = cgroup_dir_open(d, "memory.limit_in_bytes", O_RDWR);
	s->fd[CGROUP_SWAP_MAX] =
	    cgroup_dir_open(d, "memory.memsw.limit_in_bytes", O_RDWR);
	s->fd[CGROUP_EVENTS] = cgroup_dir_open(d, "memory.oom_control", O_RDONLY);
	s->fd[CGROUP_FAILCNT] = cgroup_dir_open(d, "memory.failcnt", O_RDONLY);
	s->fd[CGROUP_USAGE] = cgroup_dir_open(d, "memory.usage_in_bytes", O_RDONLY);
	s->fd[CGROUP_PEAK] = cgroup_dir_open(d, "memory.max_usage_in_bytes", O_RDWR);
}

static void
open_rest(struct cgroup_slot *s)
{
	s->fd[CGROUP_PIDS_PROCS] = cgroup_dir_open(&s->pids, "cgroup.procs", O_WRONLY);
	s->fd[CGROUP_PIDS_MAX] = cgroup_dir_open(&s->pids, "pids.max", O_RDWR);
	s->fd[CGROUP_PIDS_EVENTS] = cgroup_dir_open(&s->pids, "pids.events", O_RDONLY);
	s->fd[CGROUP_PIDS_PEAK] = cgroup_dir_open(&s->pids, "pids.peak", O_RDONLY);
	s->fd[CGROUP_TREE_PROCS] = cgroup_dir_open(&s->tree, "cgroup.procs", O_RDWR);
	s->fd[CGROUP_KILL] = cgroup_dir_open(&s->tree, "cgroup.kill", O_WRONLY);
	s->fd[CGROUP_FREEZE] = cgroup_dir_open(&s->tree, "freezer.state", O_RDWR);
	s->fd[CGROUP_CPU] = cgroup_dir_open(&s->tree, "cpu.stat", O_RDONLY);
}

int
cgroup_v1_make_slot(struct cgroup_slot *s, const struct cgroup_homes *homes,
    const char *name, struct reapq_error *err)
{
	int rc;

	cgroup_slot_init(s);
	if ((rc = cgroup_dir_make(&s->memory, homes->memory.path, name, err)) != 0 ||
	    (homes->pids.fd >= 0 &&
		(rc = cgroup_dir_make(&s->pids, homes->pids.path, name, err)) != 0) ||
	    (homes->tree.fd >= 0 &&
		(rc = cgroup_dir_make(&s->tree, homes->tree.path, name, err)) != 0)) {
		cgroup_slot_remove(s);
		return rc;
	}
	open_memory(s);
	open_rest(s);
	if (s->fd[CGROUP_MEMORY_PROCS] < 0 || s->fd[CGROUP_MEMORY_MAX] < 0 ||
	    s->fd[CGROUP_EVENTS] < 0) {
		rc = error_sys(
		    err, errno, "%s: its files cannot be opened", s->memory.path);
		cgroup_slot_remove(s);
		return rc;
	}
	return 0;
}

static int
limit_memory(struct cgroup_slot *s, int64_t bytes, struct reapq_error *err)
{
	char text[32];

	/* memsw may never be below the limit: lift it, set the limit, bring it down. */
	if (s->fd[CGROUP_SWAP_MAX] >= 0)
		(void)cgroup_dir_rewrite(s->fd[CGROUP_SWAP_MAX], "-1");
	snprintf(text, sizeof(text), "%lld", (long long)bytes);
	s->memory_max = INT64_MIN; /* should what follows fail half way */
	if (!cgroup_dir_rewrite(s->fd[CGROUP_MEMORY_MAX], text))
		return error_sys(err, errno, "memory.limit_in_bytes = %s", text);
	snprintf(text, sizeof(text), "%lld", (long long)bytes + SWAP_SLACK);
	if (bytes >= 0 && s->fd[CGROUP_SWAP_MAX] >= 0 &&
	    !cgroup_dir_rewrite(s->fd[CGROUP_SWAP_MAX], text))
		return error_sys(err, errno, "memory.memsw.limit_in_bytes = %s", text);
	s->memory_max = bytes;
	return 0;
}

int
cgroup_v1_limit(
    struct cgroup_slot *s, int64_t memory, int64_t processes, struct reapq_error *err)
{
	char text[32] = "max";
	int rc;

	if (memory != s->memory_max && (rc = limit_memory(s, memory, err)) != 0)
		return rc;
	if (processes == s->pids_max || s->fd[CGROUP_PIDS_MAX] < 0)
		return 0;
	if (processes >= 0)
		snprintf(text, sizeof(text), "%lld", (long long)processes);
	if (!cgroup_dir_rewrite(s->fd[CGROUP_PIDS_MAX], text))
		return error_sys(err, errno, "pids.max = %s", text);
	s->pids_max = processes;
	return 0;
}
