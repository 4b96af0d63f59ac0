/*
 * cgroup_dir.h - one directory of a cgroup hierarchy, and what is done with any.
 *
 * Mechanism only, the same for v1 and v2. A worker's directory is held with flock(2) as
 * long as it lives, so that one without a holder is known to be a dead worker's,
 * whatever PID namespace that was in.
 */
#ifndef WORKER_CGROUP_DIR_H
#define WORKER_CGROUP_DIR_H

#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CGROUP_DIR_PATH_MAX 768
#define CGROUP_DIR_PREFIX "reapq."

struct cgroup_dir {
	char path[CGROUP_DIR_PATH_MAX]; /* "": there is none */
	int fd;
};

#define CGROUP_DIR_NONE \
	{               \
		"", -1  \
	}

/* The directory in which this process is in the hierarchy of controller ("": v2).
 * False: no such hierarchy is mounted. */
bool cgroup_dir_own(const char *controller, char *ret_path, size_t cap);

/* Has systemd given this directory away (Delegate=)? */
bool cgroup_dir_delegated(const char *path);

/* mkdir and open; one that exists already is taken. After a failure errno says why. */
int cgroup_dir_make(struct cgroup_dir *d, const char *parent, const char *name,
    struct reapq_error *err);
/* Makes parent/reapq.NAME and holds it. */
int cgroup_dir_make_home(struct cgroup_dir *d, const char *parent, const char *name,
    struct reapq_error *err);
/* Removes what dead workers left in parent: kills the processes, then the directories. */
void cgroup_dir_sweep(const char *parent);

/* Kills all that is in it and below, and removes it; d is none afterwards. */
void cgroup_dir_remove(struct cgroup_dir *d);
/* Closes it only. */
void cgroup_dir_close(struct cgroup_dir *d);

/* 0 or the negative errno. */
int cgroup_dir_write(const struct cgroup_dir *d, const char *file, const char *value);
/* All of a small file as a string; negative errno. */
int cgroup_dir_read(
    const struct cgroup_dir *d, const char *file, char *ret, size_t cap);
int cgroup_dir_read_path(const char *path, char *ret, size_t cap);
/* A descriptor, or -1. */
int cgroup_dir_open(const struct cgroup_dir *d, const char *file, int flags);

/* What an open file says now; false: it cannot be read. */
bool cgroup_dir_reread(int fd, char *ret, size_t cap);
bool cgroup_dir_rewrite(int fd, const char *value);
/* The processes that an open cgroup.procs names, at most cap; -1: not readable. */
int cgroup_dir_procs(int fd, pid_t *pids, int cap);

#endif
