/*
 * child.c - owns a child's pidfd, channel, pipes, crash page and wait status.
 *
 * Invariants: each event is a field and is pending only while its descriptor is open;
 * pid_fd >= 0 from child_forked to child_reap. Reads never block and are bounded a
 * turn, so that a child that floods cannot starve the others; after its death what the
 * kernel still holds is read to the end, which is bounded by the socket's and the pipes'
 * buffers. Never waits for an end of file.
 */
#include "child.h"

#include "check.h"
#include "error.h"
#include "leftovers.h"
#include "runner_proc.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELD_US 20000
#define READ_CHUNK ((size_t)256 * 1024)

struct child {
	struct event_base *base;
	struct child_watcher watcher;
	uint32_t gen;
	pid_t pid;
	enum child_state state;
	int pid_fd, chan_fd, out_fd, err_fd;
	int page_fd; /* never mapped here: a hostile child could cut it short */
	struct event *ev_pid, *ev_held, *ev_chan, *ev_chan_write, *ev_out, *ev_err;
	char *task; /* what the child has not taken yet */
	size_t task_len, task_off;
	struct frame_reader reader;
	bool garbled, missed;
	struct capture out, err;
	siginfo_t si;
	struct rusage usage;
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
free_event(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

static void
forget_task(struct child *c)
{
	free(c->task);
	c->task = NULL;
	free_event(&c->ev_chan_write);
}

/* Zeroed, and its memory there already: the child may have none left to give. */
static int
new_page(void)
{
	static const char zeros[CRASH_PAGE_BYTES];
	int fd = memfd_create("crash", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, zeros, sizeof(zeros), 0) != (ssize_t)sizeof(zeros))
		close_fd(&fd);
	return fd;
}

int
child_new(struct child **ret_child, struct event_base *base, struct runner_proc *r,
    uint32_t gen, const struct child_watcher *watcher, struct reapq_error *err)
{
	int chan[2] = {-1, -1}, out[2] = {-1, -1}, errs[2] = {-1, -1};
	struct child *c = calloc(1, sizeof(*c));
	int rc;

	if (c == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for a child");
	c->base = base;
	c->watcher = *watcher;
	c->gen = gen;
	c->pid_fd = -1;
	c->page_fd = new_page();
	if (c->page_fd < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, chan) != 0 ||
	    pipe2(out, O_CLOEXEC) != 0 || pipe2(errs, O_CLOEXEC) != 0) {
		rc = error_sys(err, errno, "descriptors for a child");
	} else {
		int fds[] = {chan[1], out[1], errs[1], c->page_fd};

		/* our ends only: flags of a socketpair's ends and a pipe's are apart */
		(void)fcntl(chan[0], F_SETFL, O_NONBLOCK);
		(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
		(void)fcntl(errs[0], F_SETFL, O_NONBLOCK);
		rc = runner_proc_spawn(r, gen, fds, err);
	}
	close_fd(&chan[1]);
	close_fd(&out[1]);
	close_fd(&errs[1]);
	c->chan_fd = chan[0];
	c->out_fd = out[0];
	c->err_fd = errs[0];
	if (rc != 0) {
		child_free(c);
		return rc;
	}
	*ret_child = c;
	return 0;
}

static void
close_streams(struct child *c)
{
	free_event(&c->ev_chan);
	free_event(&c->ev_out);
	free_event(&c->ev_err);
	forget_task(c);
	close_fd(&c->chan_fd);
	close_fd(&c->out_fd);
	close_fd(&c->err_fd);
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
	close_streams(c);
	free_event(&c->ev_pid);
	free_event(&c->ev_held);
	close_fd(&c->pid_fd);
	close_fd(&c->page_fd);
	capture_free(&c->out);
	capture_free(&c->err);
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

enum child_state
child_state(const struct child *c)
{
	return c->state;
}

static int
on_frame(enum frame_type type, const void *data, size_t len, void *arg)
{
	struct child *c = arg;

	if (c->watcher.on_frame != NULL)
		c->watcher.on_frame(type, data, len, c->watcher.arg);
	return 0;
}

/* One turn's worth of the channel; true if there may be more. */
static bool
read_channel(struct child *c)
{
	static char chunk[READ_CHUNK];
	struct reapq_error err = REAPQ_ERROR_INIT;
	ssize_t n = recv(c->chan_fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			free_event(&c->ev_chan);
		return n < 0 && errno == EINTR;
	}
	if (c->garbled)
		return true;
	if (frame_reader_feed(&c->reader, chunk, (size_t)n, on_frame, c, &err) != 0) {
		c->garbled = true;
		if (c->watcher.on_garbled != NULL)
			c->watcher.on_garbled(&err, c->watcher.arg);
	}
	return true;
}

static bool
read_pipe(int fd, struct capture *to, struct event **ev)
{
	static char chunk[READ_CHUNK];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n > 0) {
		capture_add(to, chunk, (size_t)n);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		free_event(ev);
	return n < 0 && errno == EINTR;
}

static void
on_channel(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)read_channel(arg);
}

static void
on_out(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	(void)read_pipe(c->out_fd, &c->out, &c->ev_out);
}

static void
on_err(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)fd;
	(void)what;
	(void)read_pipe(c->err_fd, &c->err, &c->ev_err);
}

/* A bound in turns, not an end of file: a grandchild may write as fast as we read. */
static void
drain(struct child *c)
{
	for (int i = 0; i < 64 && c->chan_fd >= 0 && read_channel(c); i++)
		;
	for (int i = 0; i < 64 && read_pipe(c->out_fd, &c->out, &c->ev_out); i++)
		;
	for (int i = 0; i < 64 && read_pipe(c->err_fd, &c->err, &c->ev_err); i++)
		;
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
	free_event(&c->ev_pid);
	free_event(&c->ev_held);
	c->state = CHILD_DEAD;
	drain(c);
	close_streams(c);
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
	c->ev_pid = event_new(c->base, c->pid_fd, EV_READ | EV_PERSIST, on_death, c);
	c->ev_held = evtimer_new(c->base, on_death, c);
	if (c->ev_held == NULL || c->ev_pid == NULL || event_add(c->ev_pid, NULL) != 0)
		return error_set(err, REAPQ_ENOMEM, "no memory to watch a child");
	c->state = CHILD_WARM;
	return 0;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;

	(void)what;
	while (c->task_off < c->task_len) {
		ssize_t n = send(fd, c->task + c->task_off, c->task_len - c->task_off,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			/* it died; its pidfd tells */
			c->missed = c->task_off == 0;
			break;
		}
		c->task_off += (size_t)n;
	}
	forget_task(c);
}

static struct event *
add_event(struct child *c, int fd, short what, event_callback_fn fn)
{
	struct event *ev = event_new(c->base, fd, (short)(what | EV_PERSIST), fn, c);

	if (ev != NULL && event_add(ev, NULL) != 0)
		free_event(&ev);
	return ev;
}

int
child_dispatch(struct child *c, void *bytes, size_t len, size_t output_limit,
    const struct child_watcher *watcher, struct reapq_error *err)
{
	CHECK(c->state == CHILD_WARM);
	c->task = bytes;
	c->task_len = len;
	c->out.limit = c->err.limit = output_limit;
	c->err.keep_last = true;
	c->ev_chan = add_event(c, c->chan_fd, EV_READ, on_channel);
	c->ev_out = add_event(c, c->out_fd, EV_READ, on_out);
	c->ev_err = add_event(c, c->err_fd, EV_READ, on_err);
	if (c->ev_chan == NULL || c->ev_out == NULL || c->ev_err == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory to watch a child");
	c->watcher = *watcher;
	c->state = CHILD_BUSY;
	on_writable(c->chan_fd, EV_WRITE, c);
	if (c->task == NULL)
		return 0;
	c->ev_chan_write = add_event(c, c->chan_fd, EV_WRITE, on_writable);
	return c->ev_chan_write != NULL
		   ? 0
		   : error_set(err, REAPQ_ENOMEM, "no memory to watch a child");
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

bool
child_ask(struct child *c)
{
	return c->state == CHILD_BUSY && lives(c) &&
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
	return c->missed;
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
	return &c->out;
}

struct capture *
child_stderr(struct child *c)
{
	return &c->err;
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
	close_fd(&c->pid_fd);
}
