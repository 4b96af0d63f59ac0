/*
 * cgroup_dir.c - makes, holds, reads and removes directories of cgroups.
 *
 * Invariants: nothing is removed or killed but directories whose name begins with
 * reapq. and which nobody holds, and those that the caller made. Waits for the dead to
 * leave a directory are bounded.
 */
#include "cgroup_dir.h"

#include "cgroup_parse.h"
#include "error.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TEXT_MAX 65536 /* of mountinfo */
#define PROCS_MAX 4096
#define REMOVE_TRIES 400 /* of 5 ms */
#define HOME_TRIES 200   /* of 5 ms */

int
cgroup_dir_read_path(const char *path, char *ret, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t held = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (held < cap - 1 && (n = read(fd, ret + held, cap - 1 - held)) > 0)
		held += (size_t)n;
	ret[held] = '\0';
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

bool
cgroup_dir_own(const char *controller, char *ret_path, size_t cap)
{
	static char text[TEXT_MAX];
	char self[512], point[512], root[512];
	size_t skip;

	if (cgroup_dir_read_path("/proc/self/cgroup", text, sizeof(text)) != 0 ||
	    !cgroup_parse_self(text, controller, self, sizeof(self)) ||
	    cgroup_dir_read_path("/proc/self/mountinfo", text, sizeof(text)) != 0 ||
	    !cgroup_parse_mount(text, controller, point, root, sizeof(point)))
		return false;
	/* Without a cgroup namespace a container's mount begins below the root. */
	skip = strcmp(root, "/") == 0 ? 0 : strlen(root);
	if (strncmp(self, root, skip) != 0)
		return false;
	if (strcmp(self + skip, "/") == 0)
		skip++;
	return snprintf(ret_path, cap, "%s%s", point, self + skip) < (int)cap;
}

bool
cgroup_dir_delegated(const char *path)
{
	static const char *const names[] = {"user.delegate", "trusted.delegate"};
	char value[8];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getxattr(path, names[i], value, sizeof(value)) == 1 &&
		    value[0] == '1')
			return true;
	return false;
}

int
cgroup_dir_make(
    struct cgroup_dir *d, const char *parent, const char *name, struct reapq_error *err)
{
	d->fd = -1;
	if (snprintf(d->path, sizeof(d->path), "%s/%s", parent, name) >=
	    (int)sizeof(d->path)) {
		d->path[0] = '\0';
		return error_set(err, REAPQ_EINVAL, "the path %s is too long", parent);
	}
	if (mkdir(d->path, 0755) != 0 && errno != EEXIST) {
		int sys = errno;

		d->path[0] = '\0';
		(void)error_sys(err, sys, "mkdir %s/%s", parent, name);
		errno = sys;
		return REAPQ_ESYS;
	}
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0) {
		int sys = errno;

		(void)rmdir(d->path);
		d->path[0] = '\0';
		(void)error_sys(err, sys, "open %s/%s", parent, name);
		errno = sys;
		return REAPQ_ESYS;
	}
	return 0;
}

/* Does its path still lead to it? One that was removed may have been made anew: a lock on
 * the old one says nothing about that. */
static bool
is_there(const struct cgroup_dir *d)
{
	struct stat held, there;

	return fstat(d->fd, &held) == 0 && stat(d->path, &there) == 0 &&
	       held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

int
cgroup_dir_make_home(
    struct cgroup_dir *d, const char *parent, const char *name, struct reapq_error *err)
{
	struct reapq_error why = REAPQ_ERROR_INIT;
	char full[192];
	int rc = 0;

	snprintf(full, sizeof(full), CGROUP_DIR_PREFIX "%s", name);
	/* Until it is held, the sweep of a worker that starts just now may take it for a
	 * dead one's: then it is gone, is being removed, or is held by that worker, which
	 * may have to wait for a CPU before it lets go. */
	for (int i = 0; i < HOME_TRIES; i++) {
		if (i > 2)
			(void)poll(NULL, 0, 5);
		rc = cgroup_dir_make(d, parent, full, &why);
		if (rc != 0 && (errno != ENOENT || access(parent, F_OK) != 0))
			break;
		if (rc == 0 && flock(d->fd, LOCK_EX | LOCK_NB) == 0 && is_there(d))
			return 0;
		cgroup_dir_close(d);
	}
	if (rc == 0)
		return error_set(
		    err, REAPQ_ESYS, "%s/%s is held by another", parent, full);
	if (err != NULL)
		*err = why;
	return rc;
}

void
cgroup_dir_close(struct cgroup_dir *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	d->path[0] = '\0';
}

int
cgroup_dir_open(const struct cgroup_dir *d, const char *file, int flags)
{
	return d->fd < 0 ? -1 : openat(d->fd, file, flags | O_CLOEXEC);
}

int
cgroup_dir_write(const struct cgroup_dir *d, const char *file, const char *value)
{
	int fd = cgroup_dir_open(d, file, O_WRONLY);
	int rc;

	if (fd < 0)
		return -errno;
	rc = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

bool
cgroup_dir_reread(int fd, char *ret, size_t cap)
{
	ssize_t n = fd < 0 ? -1 : pread(fd, ret, cap - 1, 0);

	ret[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

bool
cgroup_dir_rewrite(int fd, const char *value)
{
	return fd >= 0 && pwrite(fd, value, strlen(value), 0) >= 0;
}

int
cgroup_dir_read(const struct cgroup_dir *d, const char *file, char *ret, size_t cap)
{
	int fd = cgroup_dir_open(d, file, O_RDONLY);
	int rc;

	ret[0] = '\0';
	if (fd < 0)
		return -errno;
	rc = cgroup_dir_reread(fd, ret, cap) ? 0 : -errno;
	close(fd);
	return rc;
}

int
cgroup_dir_procs(int fd, pid_t *pids, int cap)
{
	char text[8192];
	size_t held = 0;
	off_t off = 0;
	ssize_t n;
	int count = 0;

	if (fd < 0)
		return -1;
	while ((n = pread(fd, text + held, sizeof(text) - 1 - held, off)) > 0) {
		char *p = text;
		char *line;

		off += n;
		held += (size_t)n;
		text[held] = '\0';
		for (; (line = strchr(p, '\n')) != NULL; p = line + 1)
			if (count < cap)
				pids[count++] = (pid_t)strtol(p, NULL, 10);
		held = (size_t)(text + held - p);
		memmove(text, p, held);
	}
	return n < 0 && count == 0 ? -1 : count;
}

/* ---- the end of a directory ------------------------------------------------------ */

static void
kill_all(const struct cgroup_dir *d)
{
	static pid_t pids[PROCS_MAX];
	int fd = cgroup_dir_open(d, "cgroup.procs", O_RDONLY);
	int n = cgroup_dir_procs(fd, pids, PROCS_MAX);

	/* Of two hierarchies that a dead worker used, either may be frozen. */
	(void)cgroup_dir_write(d, "freezer.state", "THAWED");
	(void)cgroup_dir_write(d, "cgroup.freeze", "0");
	(void)cgroup_dir_write(d, "cgroup.kill", "1");
	for (int i = 0; i < n; i++)
		/* 0 is one of another PID namespace, and never ourselves */
		if (pids[i] > 0 && pids[i] != getpid())
			(void)kill(pids[i], SIGKILL);
	if (fd >= 0)
		close(fd);
}

static void
remove_children(const struct cgroup_dir *d)
{
	DIR *dir = opendir(d->path);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct cgroup_dir child = CGROUP_DIR_NONE;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (cgroup_dir_make(&child, d->path, entry->d_name, NULL) == 0)
			cgroup_dir_remove(&child);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

void
cgroup_dir_remove(struct cgroup_dir *d)
{
	if (d->fd < 0)
		return;
	for (int i = 0; i < REMOVE_TRIES && rmdir(d->path) != 0; i++) {
		if (errno != EBUSY && errno != ENOTEMPTY)
			break;
		kill_all(d);
		remove_children(d);
		/* the dead leave when they have been torn down */
		if (i > 1)
			(void)poll(NULL, 0, 5);
	}
	cgroup_dir_close(d);
}

void
cgroup_dir_sweep(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct cgroup_dir old = CGROUP_DIR_NONE;

		if (strncmp(entry->d_name, CGROUP_DIR_PREFIX,
			sizeof(CGROUP_DIR_PREFIX) - 1) != 0 ||
		    snprintf(old.path, sizeof(old.path), "%s/%s", parent,
			entry->d_name) >= (int)sizeof(old.path))
			continue;
		old.fd = open(old.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (old.fd >= 0 && flock(old.fd, LOCK_EX | LOCK_NB) == 0 &&
		    is_there(&old))
			cgroup_dir_remove(&old);
		else
			cgroup_dir_close(&old);
	}
	if (dir != NULL)
		(void)closedir(dir);
}
