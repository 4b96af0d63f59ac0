/*
 * main.c - reapq-runner: loads modules once, then forks a child whenever asked.
 *
 * Started by reapq-worker only. It owns the link (descriptor 3) and the modules. It
 * never sees Redis, runs no event loop and no thread: fork only from a process with
 * one thread. It ends when the worker's end of the link closes.
 */
#include "child.h"
#include "crash.h"
#include "fork.h"
#include "link.h"
#include "loader.h"
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void
tell(enum link_type type, uint32_t gen, int value, uint32_t flags, const char *text)
{
	struct link_msg msg;

	memset(&msg, 0, sizeof(msg));
	msg.type = (uint32_t)type;
	msg.gen = gen;
	msg.value = value;
	msg.flags = flags;
	snprintf(msg.text, sizeof(msg.text), "%s", text);
	while (send(LINK_FD, &msg, sizeof(msg), MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			_exit(0); /* the worker is gone, and so is our purpose */
}

/* How many descriptors came with a message; 0: the worker is gone. */
static int
hear(struct link_msg *msg, int fds[LINK_FDS_MAX])
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(LINK_FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = {msg, sizeof(*msg)};
	struct msghdr mh;
	struct cmsghdr *c;
	ssize_t n;
	size_t len;

	memset(&mh, 0, sizeof(mh));
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_control = control.space;
	mh.msg_controllen = sizeof(control.space);
	do
		n = recvmsg(LINK_FD, &mh, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*msg))
		return 0;
	c = CMSG_FIRSTHDR(&mh);
	if (c == NULL || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len < CMSG_LEN(LINK_SPAWN_FDS * sizeof(int)))
		return 0;
	len = c->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(c), len);
	return (int)(len / sizeof(int));
}

/* In parent and child alike: which cgroups are left for the child to enter. */
static pid_t
spawn(struct child_setup *setup, const int *cgroup_fds, int n, bool into,
    uint32_t *ret_flags)
{
	bool inside = false;
	/* the child's copy of it is what counts there */
	pid_t pid = fork_sibling(into ? cgroup_fds[0] : -1, &inside);
	/* the directory, and its own cgroup.procs if it is in it */
	int skip = into + inside;

	setup->cgroup_fds_n = n - skip;
	for (int i = skip; i < n; i++)
		setup->cgroup_fds[i - skip] = cgroup_fds[i];
	*ret_flags = (inside ? LINK_INTO : 0) | (n > skip ? LINK_WRITING : 0);
	return pid;
}

static void
serve(const struct loader *loader, const struct sandbox_plan *sandbox, pid_t worker_pid)
{
	struct link_msg msg;
	int fds[LINK_FDS_MAX];
	int n;

	while ((n = hear(&msg, fds)) > 0) {
		struct child_setup setup = {.gen = msg.gen,
		    .worker_pid = worker_pid,
		    .chan_fd = fds[0],
		    .out_fd = fds[1],
		    .err_fd = fds[2],
		    .page_fd = fds[3],
		    .loader = loader,
		    .sandbox = sandbox,
		    .uid = (uint32_t)msg.value};
		uint32_t flags;
		pid_t pid = spawn(&setup, fds + LINK_SPAWN_FDS, n - LINK_SPAWN_FDS,
		    (msg.flags & LINK_INTO) != 0, &flags);

		if (pid == 0)
			child_main(&setup);
		if (pid > 0)
			tell(LINK_SPAWNED, msg.gen, pid, flags, "");
		else
			tell(LINK_SPAWN_FAILED, msg.gen, errno, 0, "");
		for (int i = 0; i < n; i++)
			close(fds[i]);
	}
}

/*
 * So that the kernel takes a child, or the runner, before the worker: children inherit
 * it, which costs nothing a task. Raising one's own score needs no privilege, proc(5).
 */
static void
volunteer_for_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1000", 4) != 4) {
		/* best effort: a container may forbid even this */
	}
	close(fd);
}

/* A fork copies one thread: the locks of any other would stay locked in each child. */
static int
one_thread(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int n = 0;

	if (tasks == NULL)
		return 1;
	for (struct dirent *d = readdir(tasks); d != NULL; d = readdir(tasks))
		n += d->d_name[0] != '.';
	closedir(tasks);
	return n == 1;
}

/* The worker's plan; NULL, as nobody else can hand one down: it could not be mapped. */
static const struct sandbox_plan *
map_plan(void)
{
	void *plan = mmap(
	    NULL, sizeof(struct sandbox_plan), PROT_READ, MAP_PRIVATE, SANDBOX_FD, 0);

	close(SANDBOX_FD);
	return plan == MAP_FAILED ? NULL : plan;
}

/* After the modules are loaded: theirs may be files that are not to be seen after it. */
static int
lock_in(const struct sandbox_plan *plan)
{
	const char *what = "no memory for the plan";
	char text[512];
	int rc = plan == NULL ? -ENOMEM : sandbox_root(plan, &what);

	if (rc == 0)
		return 0;
	snprintf(text, sizeof(text), "the sandbox: %s: %s", what, strerror(-rc));
	tell(LINK_FATAL, 0, REAPQ_ESYS, 0, text);
	return -1;
}

int
main(int argc, char **argv)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct loader *loader = NULL;
	const struct sandbox_plan *plan = NULL;
	bool sandboxed = argc > 1 && strcmp(argv[1], SANDBOX_FLAG) == 0;
	pid_t worker_pid = getppid();
	struct sigaction ign;

	if (fcntl(LINK_FD, F_GETFD) < 0) {
		fprintf(
		    stderr, "reapq-runner is started by reapq-worker, not by hand\n");
		return 2;
	}
	(void)fcntl(LINK_FD, F_SETFD, FD_CLOEXEC);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != worker_pid)
		return 1;
	memset(&ign, 0, sizeof(ign));
	ign.sa_handler = SIG_IGN;
	/* The worker decides when we end; a signal to its group is not for us. */
	(void)sigaction(SIGINT, &ign, NULL);
	(void)sigaction(SIGTERM, &ign, NULL);
	(void)sigaction(SIGHUP, &ign, NULL);
	volunteer_for_oom();
	if (sandboxed) {
		plan = map_plan();
		argv++;
		argc--;
	}
	if (loader_new(&loader, argv + 1, (size_t)(argc - 1), &err) != 0) {
		tell(LINK_FATAL, 0, err.code, 0, err.msg);
		return 1;
	}
	if (!one_thread()) {
		tell(LINK_FATAL, 0, REAPQ_EINVAL, 0,
		    "a module has started a thread on loading; children are forked "
		    "from "
		    "this process, so it may have one only");
		return 1;
	}
	if (sandboxed && lock_in(plan) != 0)
		return 1;
	/* After the modules, which it lists. */
	crash_init();
	for (size_t i = 0; i < loader_count(loader); i++)
		tell(LINK_HANDLER, 0, 0, 0, loader_at(loader, i)->name);
	tell(LINK_READY, 0, 0, 0, "");
	serve(loader, plan, worker_pid);
	return 0;
}
