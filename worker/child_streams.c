/*
 * child_streams.c - owns our ends of a child's channel and pipes, and their events.
 *
 * Invariants: each event is pending only while its descriptor is open. Reads never block
 * and are bounded a turn, so that a child that floods cannot starve the others; what is
 * left at its death is bounded by the socket's and the pipes' buffers. Never waits for an
 * end of file.
 */
#include "child_streams.h"

#include "child.h"
#include "error.h"
#include "release.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_CHUNK ((size_t)256 * 1024)

static void
forget_task(struct child_streams *s)
{
	free(s->task);
	s->task = NULL;
	release_event(&s->ev_chan_write);
}

int
child_streams_open(struct child_streams *s, struct event_base *base, int ret_theirs[3])
{
	int chan[2] = {-1, -1}, out[2] = {-1, -1}, errs[2] = {-1, -1};
	int rc = 0;

	s->base = base;
	s->unread = true; /* none was sent */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, chan) != 0 ||
	    pipe2(out, O_CLOEXEC) != 0 || pipe2(errs, O_CLOEXEC) != 0)
		rc = -errno;
	s->chan_fd = chan[0];
	s->out_fd = out[0];
	s->err_fd = errs[0];
	ret_theirs[0] = chan[1];
	ret_theirs[1] = out[1];
	ret_theirs[2] = errs[1];
	if (rc != 0)
		return rc;
	/* our ends only: flags of a socketpair's ends and a pipe's are apart */
	(void)fcntl(s->chan_fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(s->out_fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(s->err_fd, F_SETFL, O_NONBLOCK);
	return 0;
}

static void
close_all(struct child_streams *s)
{
	release_event(&s->ev_chan);
	release_event(&s->ev_out);
	release_event(&s->ev_err);
	forget_task(s);
	release_fd(&s->chan_fd);
	release_fd(&s->out_fd);
	release_fd(&s->err_fd);
}

static int
on_frame(enum frame_type type, const void *data, size_t len, void *arg)
{
	struct child_streams *s = arg;

	if (s->watcher->on_frame != NULL)
		s->watcher->on_frame(type, data, len, s->watcher->arg);
	return 0;
}

/* One turn's worth of the channel; true if there may be more. */
static bool
read_channel(struct child_streams *s)
{
	static char chunk[READ_CHUNK];
	struct reapq_error err = REAPQ_ERROR_INIT;
	ssize_t n = recv(s->chan_fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n <= 0) {
		/* It was closed with something in it: unix(7). */
		s->unread = s->unread || (n < 0 && errno == ECONNRESET);
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			release_event(&s->ev_chan);
		return n < 0 && errno == EINTR;
	}
	if (s->garbled)
		return true;
	if (frame_reader_feed(&s->reader, chunk, (size_t)n, on_frame, s, &err) != 0) {
		s->garbled = true;
		if (s->watcher->on_garbled != NULL)
			s->watcher->on_garbled(&err, s->watcher->arg);
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
		release_event(ev);
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
	struct child_streams *s = arg;

	(void)fd;
	(void)what;
	(void)read_pipe(s->out_fd, &s->out, &s->ev_out);
}

static void
on_err(evutil_socket_t fd, short what, void *arg)
{
	struct child_streams *s = arg;

	(void)fd;
	(void)what;
	(void)read_pipe(s->err_fd, &s->err, &s->ev_err);
}

/* A bound in turns, not an end of file: a grandchild may write as fast as we read. */
void
child_streams_drain(struct child_streams *s)
{
	for (int i = 0; i < 64 && s->chan_fd >= 0 && read_channel(s); i++)
		;
	for (int i = 0; i < 64 && read_pipe(s->out_fd, &s->out, &s->ev_out); i++)
		;
	for (int i = 0; i < 64 && read_pipe(s->err_fd, &s->err, &s->ev_err); i++)
		;
	close_all(s);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct child_streams *s = arg;

	(void)what;
	while (s->task_off < s->task_len) {
		ssize_t n = send(fd, s->task + s->task_off, s->task_len - s->task_off,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			/* it died; its pidfd tells */
			s->missed = s->task_off == 0;
			s->unread = true;
			break;
		}
		s->task_off += (size_t)n;
	}
	forget_task(s);
}

static struct event *
add_event(struct child_streams *s, int fd, short what, event_callback_fn fn)
{
	struct event *ev = event_new(s->base, fd, (short)(what | EV_PERSIST), fn, s);

	if (ev != NULL && event_add(ev, NULL) != 0)
		release_event(&ev);
	return ev;
}

int
child_streams_start(struct child_streams *s, void *bytes, size_t len,
    size_t output_limit, const struct child_watcher *watcher, struct reapq_error *err)
{
	s->unread = false;
	s->task = bytes;
	s->task_len = len;
	s->watcher = watcher;
	s->out.limit = s->err.limit = output_limit;
	s->err.keep_last = true;
	s->ev_chan = add_event(s, s->chan_fd, EV_READ, on_channel);
	s->ev_out = add_event(s, s->out_fd, EV_READ, on_out);
	s->ev_err = add_event(s, s->err_fd, EV_READ, on_err);
	if (s->ev_chan == NULL || s->ev_out == NULL || s->ev_err == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory to watch a child");
	on_writable(s->chan_fd, EV_WRITE, s);
	if (s->task == NULL)
		return 0;
	s->ev_chan_write = add_event(s, s->chan_fd, EV_WRITE, on_writable);
	return s->ev_chan_write != NULL
		   ? 0
		   : error_set(err, REAPQ_ENOMEM, "no memory to watch a child");
}

void
child_streams_free(struct child_streams *s)
{
	close_all(s);
	capture_free(&s->out);
	capture_free(&s->err);
}
