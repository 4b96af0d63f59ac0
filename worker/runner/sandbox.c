/*
 * sandbox.c - owns the order of the steps that lock a process in.
 *
 * No memory from the heap, nothing kept. A step that fails leaves the process half locked
 * in, and fit for nothing but to say so and end: no user code may run in it.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
failed(const char **ret_what, const char *what)
{
	*ret_what = what;
	return -errno;
}

/* ---- capabilities --------------------------------------------------------------- */

/* Of the three sets that count now; keep: ~0 for all but those in drop. */
static int
drop_capabilities(uint64_t drop)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		uint32_t keep = ~(uint32_t)(drop >> (32 * i));

		data[i].effective &= keep;
		data[i].permitted &= keep;
		data[i].inheritable &= keep;
	}
	return (int)syscall(SYS_capset, &head, data);
}

/* ---- the file system -------------------------------------------------------------- */

/* As mkdir -p, for a place in a tmpfs that has just been mounted. */
static int
make_place(const char *path)
{
	char part[SANDBOX_PATH_MAX];

	for (size_t i = 1; path[i] != '\0'; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST && errno != EROFS)
			return -1;
	}
	return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

static bool
is_writable_anyway(const struct sandbox_plan *plan, const char *path)
{
	for (uint32_t i = 0; i < plan->writable_n; i++)
		if (strcmp(plan->writable[i], path) == 0)
			return true;
	return false;
}

static int
mount_own(const struct sandbox_plan *plan, const char *path)
{
	if (is_writable_anyway(plan, path) || access(path, F_OK) != 0)
		return 0;
	return mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
}

/* Taken off as they are now, mounts below them included, to be put back on top. */
static int
take_writable(const struct sandbox_plan *plan, int *fds, const char **ret_what)
{
	for (uint32_t i = 0; i < plan->writable_n; i++) {
		fds[i] = open_tree(AT_FDCWD, plan->writable[i],
		    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
		if (fds[i] < 0)
			return failed(ret_what, plan->writable[i]);
	}
	return 0;
}

static int
put_writable(const struct sandbox_plan *plan, int *fds, const char **ret_what)
{
	for (uint32_t i = 0; i < plan->writable_n; i++) {
		if (make_place(plan->writable[i]) != 0 ||
		    move_mount(fds[i], "", AT_FDCWD, plan->writable[i],
			MOVE_MOUNT_F_EMPTY_PATH) != 0)
			return failed(ret_what, plan->writable[i]);
		close(fds[i]);
	}
	return 0;
}

int
sandbox_root(const struct sandbox_plan *plan, const char **ret_what)
{
	struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
	int fds[SANDBOX_WRITABLE_MAX];
	char cwd[4096];
	int rc;

	if (!plan->read_only_root)
		return 0;
	memset(fds, -1, sizeof(fds));
	if (unshare(CLONE_NEWNS) != 0)
		return failed(ret_what, "unshare(CLONE_NEWNS)");
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		cwd[0] = '\0';
	/* else the host would be made read-only with it */
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return failed(ret_what, "mount(MS_PRIVATE) of /");
	if ((rc = take_writable(plan, fds, ret_what)) != 0)
		return rc;
	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof(read_only)) !=
	    0)
		return failed(ret_what, "mount_setattr of / (Linux 5.12)");
	if (mount_own(plan, "/tmp") != 0 || mount_own(plan, "/dev/shm") != 0)
		return failed(ret_what, "mount of a tmpfs on /tmp and /dev/shm");
	if ((rc = put_writable(plan, fds, ret_what)) != 0)
		return rc;
	/* What lies under a new mount is still the current directory: enter it again. */
	if (cwd[0] == '/' && chdir(cwd) != 0 && chdir("/") != 0)
		return failed(ret_what, "chdir");
	/* With the second, /proc/PID/root of others is a way out. */
	if (prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) != 0 ||
	    prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE) != 0 ||
	    drop_capabilities(
		(UINT64_C(1) << CAP_SYS_ADMIN) | (UINT64_C(1) << CAP_SYS_PTRACE)) != 0)
		return failed(ret_what, "giving up CAP_SYS_ADMIN and CAP_SYS_PTRACE");
	return 0;
}

/* ---- the user ---------------------------------------------------------------------- */

static int
become(const struct sandbox_plan *plan, uint32_t uid, uint32_t gid)
{
	gid_t groups[SANDBOX_GROUPS_MAX];

	for (uint32_t i = 0; i < plan->groups_n; i++)
		groups[i] = (gid_t)plan->groups[i];
	/* /proc/self/fd/1 is opened by the owner's right. Best effort: may be no pipe. */
	if (fchown(STDOUT_FILENO, uid, gid) != 0 ||
	    fchown(STDERR_FILENO, uid, gid) != 0)
		errno = 0;
	/* Groups first: afterwards the right to set them is gone. */
	if (setgroups(plan->groups_n, groups) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return -1;
	/* The kernel does it for one who was root, not for one with CAP_SETUID. */
	return drop_capabilities(~UINT64_C(0));
}

int
sandbox_become(const struct sandbox_plan *plan, uint32_t uid, const char **ret_what)
{
	errno = EINVAL;
	if (plan->as_users && (uid == 0 || become(plan, uid, uid) != 0))
		return failed(ret_what, "becoming the user of its slot");
	if (plan->as_user && become(plan, plan->uid, plan->gid) != 0)
		return failed(ret_what, "becoming the user of --child-user");
	/* A change of user clears it: then no core file, and /proc/self is root's. */
	if ((plan->as_user || plan->as_users) && prctl(PR_SET_DUMPABLE, 1) != 0)
		return failed(ret_what, "prctl(PR_SET_DUMPABLE)");
	if (plan->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(ret_what, "prctl(PR_SET_NO_NEW_PRIVS)");
	return 0;
}

/* ---- the filter -------------------------------------------------------------------- */

int
sandbox_filter(const struct sandbox_plan *plan, const char **ret_what)
{
	struct sock_fprog prog = {.len = (unsigned short)plan->filter_n,
	    /* the kernel only reads it */
	    .filter = (struct sock_filter *)(uintptr_t)plan->filter};

	if (plan->filter_n == 0)
		return 0;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0)
		return failed(ret_what, "seccomp(SECCOMP_SET_MODE_FILTER)");
	return 0;
}
