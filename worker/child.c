/*
 * child.c - owns a child's pidfd, crash page and wait status; its streams are a part.
 *
 * Invariants: each event is a field and is pending only while its descriptor is open;
 * pid_fd >= 0 from child_forked to child_reap. What the kernel still holds of the streams
 * at its death is read before anybody is told.
 */
#include "child.h"

#include "check.h"
#include "child_streams.h"
#include "error.h"
#include "isolation.h"
#include "leftovers.h"
#include "release.h"
#include "runner_proc.h"
#include "sandbox.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELD_US 20000

struct child {
	struct child_origin from;
	struct child_watcher watcher;
	uint32_t gen;
	uint32_t uid;                /* from sandbox; 0: none of its own */
	struct isolation_slot *slot; /* NULL: none */
	pid_t pid;
	enum child_state state;
	int pid_fd;
	int page_fd; /* never mapped here: a hostile child could cut it short */
	struct event *ev_pid, *ev_held;
	struct child_streams streams;
	siginfo_t si;
	struct rusage usage;
};

/* Not before it is reaped: nobody else may become its user, or come into its cgroup, while
 * it is there. */
static void
give_back(struct child *c)
{
	bool gone = c->state == CHILD_DEAD && !child_was_homeless(c);

	sandbox_give_user(c->from.sandbox, c->uid);
	c->uid = 0;
	isolation_leave(c->from.isolation, c->slot, gone);
	c->slot = NULL;
}

/* Zeroed, and its memory there already: the child may have none left to give. */
static int
new_page(void)
{
	static const char zeros[CRASH_PAGE_BYTES];
	int fd = memfd_create("crash", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, zeros, sizeof(zeros), 0) != (ssize_t)sizeof(zeros))
		release_fd(&fd);
	return fd;
}

static int
ask(struct child *c, struct runner_spawn *spawn, struct reapq_error *err)
{
	int rc = sandbox_take_user(c->from.sandbox, &c->uid, err);

	if (rc == 0)
		rc = isolation_reserve(c->from.isolation, &c->slot, err);
	if (rc != 0)
		return rc;
	spawn->uid = c->uid;
	spawn->fds_n +=
	    isolation_doors(c->slot, spawn->fds + LINK_SPAWN_FDS, &spawn->into);
	return runner_proc_spawn(c->from.runner, spawn, err);
}

int
child_new(struct child **ret_child, const struct child_origin *origin, uint32_t gen,
    const struct child_watcher *watcher, struct reapq_error *err)
{
	struct runner_spawn spawn = {
	    .gen = gen, .fds = {-1, -1, -1, -1}, .fds_n = LINK_SPAWN_FDS};
	struct child *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for a child");
	c->from = *origin;
	c->watcher = *watcher;
	c->gen = gen;
	c->pid_fd = -1;
	c->page_fd = new_page();
	rc = c->page_fd < 0 ? -errno : 0;
	if (rc == 0)
		rc = child_streams_open(&c->streams, origin->base, spawn.fds);
	else
		c->streams.chan_fd = c->streams.out_fd = c->streams.err_fd = -1;
	spawn.fds[3] = c->page_fd;
	rc = rc == 0 ? ask(c, &spawn, err)
		     : error_sys(err, -rc, "descriptors for a child");
	for (int i = 0; i < 3; i++)
		release_fd(&spawn.fds[i]);
	if (rc != 0) {
		child_free(c);
		return rc;
	}
	*ret_child = c;
	return 0;
}

void
child_free(struct child *c)
{
	if (c == NULL)
		return;
	if (c->pid_fd >= 0) {
		(void)kill(-c->pid, SIGKILL);
		(void)kill(c->pid, SIGKILL);
		leftovers_reap(c->pid);
	}
	give_back(c);
	child_streams_free(&c->streams);
	release_event(&c->ev_pid);
	release_event(&c->ev_held);
	release_fd(&c->pid_fd);
	release_fd(&c->page_fd);
	free(c);
}

uint32_t
child_gen(const struct child *c)
{
	return c->gen;
}

pid_t
child_pid(const struct child *c)
{
	return c->pid;
}

uint32_t
child_uid(const struct child *c)
{
	return c->uid;
}

struct isolation_slot *
child_slot(const struct child *c)
{
	return c->slot;
}

enum child_state
child_state(const struct child *c)
{
	return c->state;
}

/* True once the kernel lets us have its status. The raw call has a fifth argument that
 * glibc hides: the usage, waitid(2). */
static bool
look_at_status(struct child *c)
{
	memset(&c->si, 0, sizeof(c->si));
	return syscall(SYS_waitid, P_PIDFD, c->pid_fd, &c->si,
		   WEXITED | WNOHANG | WNOWAIT, &c->usage) == 0 &&
	       c->si.si_pid != 0;
}

static void
on_death(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval pause = {0, HELD_US};
	struct child *c = arg;

	(void)fd;
	(void)what;
	if (!look_at_status(c)) {
		/* Its pidfd stays readable: look again by time, not at full speed. */
		(void)event_del(c->ev_pid);
		if (c->watcher.on_held != NULL)
			c->watcher.on_held(c->watcher.arg);
		CHECK(event_add(c->ev_held, &pause) == 0);
		return;
	}
	release_event(&c->ev_pid);
	release_event(&c->ev_held);
	c->state = CHILD_DEAD;
	child_streams_drain(&c->streams);
	c->watcher.on_exit(c->watcher.arg);
}

int
child_forked(struct child *c, pid_t pid, struct reapq_error *err)
{
	CHECK(c->state == CHILD_FORKING);
	c->pid = pid;
	/* Ours and unreaped, so the pid cannot be another's. */
	c->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (c->pid_fd < 0) {
		int sys = errno;

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return error_sys(err, sys, "pidfd_open of child %d", (int)pid);
	}
	(void)fcntl(c->pid_fd, F_SETFD, FD_CLOEXEC);
	c->ev_pid =
	    event_new(c->from.base, c->pid_fd, EV_READ | EV_PERSIST, on_death, c);
	c->ev_held = evtimer_new(c->from.base, on_death, c);
	if (c->ev_held == NULL || c->ev_pid == NULL || event_add(c->ev_pid, NULL) != 0)
		return error_set(err, REAPQ_ENOMEM, "no memory to watch a child");
	c->state = CHILD_WARM;
	return 0;
}

int
child_dispatch(struct child *c, void *bytes, size_t len, size_t output_limit,
    const struct child_watcher *watcher, struct reapq_error *err)
{
	CHECK(c->state == CHILD_WARM);
	c->watcher = *watcher;
	c->state = CHILD_BUSY;
	return child_streams_start(
	    &c->streams, bytes, len, output_limit, &c->watcher, err);
}

/* A signal to a zombie succeeds, and would be told as the cause of its death. */
static bool
lives(const struct child *c)
{
	siginfo_t si;

	if (c->state != CHILD_WARM && c->state != CHILD_BUSY)
		return false;
	memset(&si, 0, sizeof(si));
	return waitid(P_PIDFD, (id_t)c->pid_fd, &si, WEXITED | WNOHANG | WNOWAIT) ==
		   0 &&
	       si.si_pid == 0;
}

bool
child_signal(struct child *c, int sig)
{
	if (!lives(c))
		return false;
	/* A child that has not come to its setsid() yet has no group of its own. */
	if (kill(-c->pid, sig) != 0)
		(void)kill(c->pid, sig);
	return true;
}

/* A handler may have executed another program, which the question would kill. Where /proc
 * does not say, it is ours still. */
static bool
catches(pid_t pid, int sig)
{
	static const char name[] = "SigCgt:\t";
	char path[40], line[256];
	uint64_t caught = UINT64_MAX;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, sizeof(name) - 1) == 0)
			caught = strtoull(line + sizeof(name) - 1, NULL, 16);
	if (f != NULL)
		(void)fclose(f);
	return (caught >> (sig - 1) & 1) != 0;
}

bool
child_ask(struct child *c)
{
	return c->state == CHILD_BUSY && lives(c) && catches(c->pid, CRASH_PAGE_ASK) &&
	       syscall(SYS_pidfd_send_signal, c->pid_fd, CRASH_PAGE_ASK, NULL, 0) == 0;
}

bool
child_answered(const struct child *c)
{
	uint32_t state = CRASH_PAGE_EMPTY;

	if (pread(c->page_fd, &state, sizeof(state),
		(off_t)offsetof(struct crash_page, asked.state)) !=
	    (ssize_t)sizeof(state))
		return false;
	return state == CRASH_PAGE_WHOLE;
}

void
child_page(const struct child *c, struct crash_page *ret_page)
{
	if (pread(c->page_fd, ret_page, sizeof(*ret_page), 0) !=
	    (ssize_t)sizeof(*ret_page))
		memset(ret_page, 0, sizeof(*ret_page));
}

bool
child_missed_task(const struct child *c)
{
	return c->streams.missed;
}

/* The status alone could be a task's. What is unread in its channel is its task. */
bool
child_was_homeless(const struct child *c)
{
	return c->state == CHILD_DEAD && c->si.si_code == CLD_EXITED &&
	       c->si.si_status == LINK_EXIT_HOMELESS && c->streams.unread;
}

int
child_wait_code(const struct child *c)
{
	return c->si.si_code;
}

int
child_wait_status(const struct child *c)
{
	return c->si.si_status;
}

static int64_t
ms_of(struct timeval tv)
{
	return (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000;
}

void
child_usage(const struct child *c, struct reapq_usage *ret_usage)
{
	const struct rusage *u = &c->usage;

	ret_usage->user_ms = ms_of(u->ru_utime);
	ret_usage->system_ms = ms_of(u->ru_stime);
	ret_usage->peak_memory = (int64_t)u->ru_maxrss * 1024;
	ret_usage->memory_source = "rusage";
	ret_usage->minor_faults = u->ru_minflt;
	ret_usage->major_faults = u->ru_majflt;
	ret_usage->block_in = u->ru_inblock;
	ret_usage->block_out = u->ru_oublock;
	ret_usage->voluntary_switches = u->ru_nvcsw;
	ret_usage->involuntary_switches = u->ru_nivcsw;
}

struct capture *
child_stdout(struct child *c)
{
	return &c->streams.out;
}

struct capture *
child_stderr(struct child *c)
{
	return &c->streams.err;
}

void
child_reap(struct child *c)
{
	CHECK(c->state == CHILD_DEAD);
	if (c->pid_fd < 0)
		return;
	while (waitid(P_PIDFD, (id_t)c->pid_fd, &c->si, WEXITED | WNOHANG) != 0 &&
	       errno == EINTR)
		;
	release_fd(&c->pid_fd);
}
