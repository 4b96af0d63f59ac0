/*
 * cgroup_v2.c - the directories, files and limits of cgroup v2.
 *
 * Owns nothing; homes and slots are the caller's. A cgroup that has processes cannot
 * give controllers to those below it (cgroups(7), "no internal processes"): so where
 * the worker is in the way it moves itself into a leaf of its home, and where others are
 * it gives up and names them.
 */
#include "cgroup_v2.h"

#include "error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* With DelegateSubgroup= of systemd the worker is in a leaf already, and what was given
 * to it is the directory above. */
static void
leave_subgroup(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || cgroup_dir_delegated(path))
		return;
	*slash = '\0';
	if (!cgroup_dir_delegated(path))
		*slash = '/';
}

int
cgroup_v2_open_tree(
    struct cgroup_homes *homes, const char *name, struct reapq_error *err)
{
	char parent[CGROUP_DIR_PATH_MAX];

	if (!cgroup_dir_own("", parent, sizeof(parent)))
		return error_set(err, REAPQ_ENOENT, "no cgroup v2 is mounted");
	leave_subgroup(parent);
	cgroup_dir_sweep(parent);
	return cgroup_dir_make_home(&homes->tree, parent, name, err);
}

/* The directory that a home is in. */
static int
open_parent(const struct cgroup_dir *home, struct cgroup_dir *parent)
{
	char *slash;

	snprintf(parent->path, sizeof(parent->path), "%s", home->path);
	slash = strrchr(parent->path, '/');
	if (slash != NULL)
		*slash = '\0';
	parent->fd = open(parent->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return parent->fd < 0 ? -errno : 0;
}

static int
name_foreigners(const struct cgroup_dir *parent, struct reapq_error *err)
{
	int fd = cgroup_dir_open(parent, "cgroup.procs", O_RDONLY);
	pid_t pids[8];
	int n = cgroup_dir_procs(fd, pids, 8);
	char text[128] = "";
	int len = 0;

	for (int i = 0; i < n; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%d",
		    i == 0 ? "" : " ", (int)pids[i]);
	if (fd >= 0)
		close(fd);
	return error_set(err, REAPQ_ESYS,
	    "other processes are in the worker's cgroup %s, which must be empty: %s",
	    parent->path, text);
}

static void
go_back(struct cgroup_homes *homes, const struct cgroup_dir *parent)
{
	if (homes->leaf.fd < 0)
		return;
	(void)cgroup_dir_write(parent, "cgroup.procs", "0");
	cgroup_dir_remove(&homes->leaf);
}

static int
open_subtree(struct cgroup_homes *homes, const struct cgroup_dir *parent,
    struct reapq_error *err)
{
	char text[256];
	int rc;

	if (cgroup_dir_read(parent, "cgroup.subtree_control", text, sizeof(text)) ==
		0 &&
	    cgroup_parse_has(text, "memory"))
		return 0; /* it is open already */
	rc = cgroup_dir_write(parent, "cgroup.subtree_control", "+memory");
	if (rc == -EBUSY) {
		if (cgroup_dir_make(&homes->leaf, homes->tree.path, "worker", err) != 0)
			return err->code;
		rc = cgroup_dir_write(&homes->leaf, "cgroup.procs", "0");
		if (rc == 0)
			rc = cgroup_dir_write(
			    parent, "cgroup.subtree_control", "+memory");
	}
	if (rc == -EBUSY)
		return name_foreigners(parent, err);
	if (rc != 0)
		return error_sys(err, -rc, "%s/cgroup.subtree_control", parent->path);
	homes->opened_parent = true;
	return 0;
}

int
cgroup_v2_delegate(struct cgroup_homes *homes, struct reapq_error *err)
{
	struct cgroup_dir parent = CGROUP_DIR_NONE;
	char text[256];
	int rc = open_parent(&homes->tree, &parent);

	if (rc != 0)
		return error_sys(err, -rc, "%s", parent.path);
	if (cgroup_dir_read(&parent, "cgroup.controllers", text, sizeof(text)) != 0 ||
	    !cgroup_parse_has(text, "memory")) {
		rc = error_set(err, REAPQ_ENOENT,
		    "the memory controller is not given to %s (cgroup.controllers)",
		    parent.path);
		goto out;
	}
	if ((rc = open_subtree(homes, &parent, err)) != 0)
		goto out;
	(void)cgroup_dir_write(&parent, "cgroup.subtree_control", "+pids");
	rc = cgroup_dir_write(&homes->tree, "cgroup.subtree_control", "+memory");
	(void)cgroup_dir_write(&homes->tree, "cgroup.subtree_control", "+pids");
	if (rc != 0)
		rc = error_sys(err, -rc, "%s/cgroup.subtree_control", homes->tree.path);
	homes->v2_memory = rc == 0;
out:
	if (rc != 0)
		go_back(homes, &parent);
	cgroup_dir_close(&parent);
	return rc;
}

void
cgroup_v2_undelegate(struct cgroup_homes *homes)
{
	struct cgroup_dir parent = CGROUP_DIR_NONE;

	if (homes->leaf.fd < 0 || open_parent(&homes->tree, &parent) != 0)
		return;
	/* Refused if others use it by now; the next worker's sweep removes the leaf. */
	if (homes->opened_parent) {
		(void)cgroup_dir_write(
		    &homes->tree, "cgroup.subtree_control", "-memory -pids");
		(void)cgroup_dir_write(
		    &parent, "cgroup.subtree_control", "-memory -pids");
	}
	if (cgroup_dir_write(&parent, "cgroup.procs", "0") == 0)
		cgroup_dir_remove(&homes->leaf);
	cgroup_dir_close(&homes->leaf);
	cgroup_dir_close(&parent);
}

int
cgroup_v2_make_slot(struct cgroup_slot *s, const struct cgroup_homes *homes,
    const char *name, struct reapq_error *err)
{
	const struct cgroup_dir *d = &s->tree;
	int rc;

	cgroup_slot_init(s);
	if ((rc = cgroup_dir_make(&s->tree, homes->tree.path, name, err)) != 0)
		return rc;
	s->fd[CGROUP_TREE_PROCS] = cgroup_dir_open(d, "cgroup.procs", O_RDWR);
	s->fd[CGROUP_KILL] = cgroup_dir_open(d, "cgroup.kill", O_WRONLY);
	s->fd[CGROUP_CPU] = cgroup_dir_open(d, "cpu.stat", O_RDONLY);
	s->fd[CGROUP_PIDS_MAX] = cgroup_dir_open(d, "pids.max", O_RDWR);
	s->fd[CGROUP_PIDS_EVENTS] = cgroup_dir_open(d, "pids.events", O_RDONLY);
	s->fd[CGROUP_PIDS_PEAK] = cgroup_dir_open(d, "pids.peak", O_RDONLY);
	if (homes->v2_memory) {
		s->fd[CGROUP_MEMORY_MAX] = cgroup_dir_open(d, "memory.max", O_RDWR);
		s->fd[CGROUP_EVENTS] = cgroup_dir_open(d, "memory.events", O_RDONLY);
		s->fd[CGROUP_PEAK] = cgroup_dir_open(d, "memory.peak", O_RDWR);
		if (s->fd[CGROUP_PEAK] < 0)
			s->fd[CGROUP_PEAK] =
			    cgroup_dir_open(d, "memory.peak", O_RDONLY);
		s->group_kill = cgroup_dir_write(d, "memory.oom.group", "1") == 0;
		/* absent where the kernel does not account for swap */
		s->fd[CGROUP_SWAP_MAX] = cgroup_dir_open(d, "memory.swap.max", O_RDWR);
		s->fd[CGROUP_USAGE] = cgroup_dir_open(d, "memory.current", O_RDONLY);
	}
	if (s->fd[CGROUP_TREE_PROCS] < 0 ||
	    (homes->v2_memory &&
		(s->fd[CGROUP_MEMORY_MAX] < 0 || s->fd[CGROUP_EVENTS] < 0))) {
		rc = error_sys(err, errno, "%s: its files cannot be opened", d->path);
		cgroup_slot_remove(s);
	}
	return rc;
}

static int
set(int fd, const char *file, int64_t value, struct reapq_error *err)
{
	char text[32] = "max";

	if (value >= 0)
		snprintf(text, sizeof(text), "%lld", (long long)value);
	if (!cgroup_dir_rewrite(fd, text))
		return error_sys(err, errno, "%s = %s", file, text);
	return 0;
}

int
cgroup_v2_limit(
    struct cgroup_slot *s, int64_t memory, int64_t processes, struct reapq_error *err)
{
	int rc;

	if (s->fd[CGROUP_MEMORY_MAX] >= 0 && memory != s->memory_max) {
		rc = set(s->fd[CGROUP_MEMORY_MAX], "memory.max", memory, err);
		if (rc != 0)
			return rc;
		/* else the limit would be one of memory and all of swap */
		(void)cgroup_dir_rewrite(
		    s->fd[CGROUP_SWAP_MAX], memory >= 0 ? "0" : "max");
		s->memory_max = memory;
	}
	if (s->fd[CGROUP_PIDS_MAX] >= 0 && processes != s->pids_max) {
		rc = set(s->fd[CGROUP_PIDS_MAX], "pids.max", processes, err);
		if (rc != 0)
			return rc;
		s->pids_max = processes;
	}
	return 0;
}
