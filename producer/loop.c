/*
 * loop.c - runs a client's libevent loop, and mirrors it for foreign loops.
 *
 * libevent does not give out its epoll descriptor, so reapq_fd() is an epoll set of our
 * own with the same sockets and a timerfd at the next timer. It is brought up to date
 * after each run of the loop and each call that sends, once somebody has asked for it.
 * What settles outside reapq_process() makes it readable at once: the foreign loop saw
 * nothing of it.
 *
 * Nothing here needs to mind SIGPIPE: the connections write with MSG_NOSIGNAL.
 */
#include "loop.h"
#include "check.h"
#include "client.h"
#include "clock.h"
#include "error.h"
#include "watch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define STALE_MS 1000
#define CONN_COUNT 3

struct loop {
	struct event *timer;
	int epoll_fd, timer_fd;
	int socket_fd[CONN_COUNT]; /* as last put into epoll_fd */
	bool mirrored;
	bool stirred;
	int64_t ran_ms;
};

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;
	(void)fd;
	(void)what;
	loop->stirred = true;
}

int
loop_new(struct loop **ret_loop, struct reapq_client *client, struct reapq_error *err)
{
	struct loop *loop = calloc(1, sizeof *loop);
	struct epoll_event timer = {.events = EPOLLIN};
	int sys;
	if (!loop)
		return error_set(err, REAPQ_ENOMEM, "no memory for a loop");
	for (int i = 0; i < CONN_COUNT; i++)
		loop->socket_fd[i] = -1;
	loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	sys = errno;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->timer = evtimer_new(client->base, on_timer, loop);
	if (!loop->timer || loop->timer_fd < 0 || loop->epoll_fd < 0 ||
	    epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &timer) < 0) {
		sys = loop->timer_fd < 0 ? sys : errno;
		loop_free(loop);
		return error_sys(err, sys, "cannot make the client's descriptors");
	}
	*ret_loop = loop;
	return 0;
}

void
loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->timer)
		event_free(loop->timer);
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
	free(loop);
}

void
loop_stir(struct reapq_client *client)
{
	client->loop->stirred = true;
}

/* ---- the mirror --------------------------------------------------------------- */

static void
mirror_sockets(struct loop *loop, struct conn *const conns[CONN_COUNT])
{
	/* A closed socket has left the set by itself, and its number may be another
	 * conn's by now: so all that is stale goes first, and what is there is always
	 * put in again. */
	for (int i = 0; i < CONN_COUNT; i++) {
		int old_fd = loop->socket_fd[i];
		if (old_fd >= 0 && (!conns[i] || conn_fd(conns[i]) != old_fd)) {
			(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, old_fd, NULL);
			loop->socket_fd[i] = -1;
		}
	}
	for (int i = 0; i < CONN_COUNT; i++) {
		struct epoll_event event = {.events = EPOLLIN};
		int fd = conns[i] ? conn_fd(conns[i]) : -1;
		if (fd < 0)
			continue;
		if (conn_wants_write(conns[i]))
			event.events |= EPOLLOUT;
		if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 &&
		    errno == ENOENT)
			(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
		loop->socket_fd[i] = fd;
	}
}

void
loop_mirror(const struct reapq_client *client)
{
	struct loop *loop = client->loop;
	struct conn *const conns[CONN_COUNT] = {client->cmd, client->blk, client->bulk};
	struct itimerspec at = {.it_value = {0, 0}};
	int ms;
	/* The parent's set is not a child's to change. */
	if (!loop->mirrored || client->owner != getpid())
		return;
	mirror_sockets(loop, conns);
	ms = reapq_timeout_ms(client);
	if (ms == 0)
		at.it_value.tv_nsec = 1;
	else if (ms > 0)
		at.it_value = (struct timespec){ms / 1000, ms % 1000 * 1000000L};
	(void)timerfd_settime(loop->timer_fd, 0, &at, NULL);
}

int
reapq_fd(const struct reapq_client *client)
{
	if (!client || client->owner != getpid())
		return -1;
	client->loop->mirrored = true;
	loop_mirror(client);
	return client->loop->epoll_fd;
}

static int
sooner(int a_ms, int b_ms)
{
	if (a_ms < 0 || (b_ms >= 0 && b_ms < a_ms))
		return b_ms;
	return a_ms;
}

int
reapq_timeout_ms(const struct reapq_client *client)
{
	int ms = -1;
	if (!client || client->owner != getpid())
		return -1;
	if (client->news || !TAILQ_EMPTY(&client->ready))
		return 0;
	if (client->watch->due_ms >= 0) {
		int64_t left_ms = client->watch->due_ms - clock_mono_ms();
		ms = left_ms > 0 ? (int)left_ms : 0;
	}
	ms = sooner(ms, conn_timeout_ms(client->cmd));
	if (client->blk)
		ms = sooner(ms, conn_timeout_ms(client->blk));
	if (client->bulk)
		ms = sooner(ms, conn_timeout_ms(client->bulk));
	return ms;
}

/* ---- running ------------------------------------------------------------------ */

static void
turn(struct reapq_client *client, int flags)
{
	/* -1 is epoll refusing its own descriptor: somebody closed it. */
	CHECK(event_base_loop(client->base, flags) >= 0);
}

void
loop_run(struct reapq_client *client, int64_t at_ms)
{
	struct loop *loop = client->loop;
	if (at_ms >= 0) {
		int64_t left_ms = at_ms - clock_mono_ms();
		struct timeval left = {0, 0};
		if (left_ms > 0)
			left = (struct timeval){left_ms / 1000, left_ms % 1000 * 1000};
		(void)evtimer_add(loop->timer, &left);
	}
	loop->stirred = false;
	while (!loop->stirred)
		turn(client, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
	(void)evtimer_del(loop->timer);
	loop->ran_ms = clock_mono_ms();
	loop_mirror(client);
}

void
loop_poll(struct reapq_client *client)
{
	/* The second turn sends what the first one's answers asked for. */
	turn(client, EVLOOP_NONBLOCK);
	turn(client, EVLOOP_NONBLOCK);
	client->loop->ran_ms = clock_mono_ms();
	loop_mirror(client);
}

void
loop_poll_if_stale(struct reapq_client *client)
{
	if (clock_mono_ms() - client->loop->ran_ms > STALE_MS)
		loop_poll(client);
}

void
loop_call_back(struct reapq_client *client, struct reapq_future *future,
    reapq_done_fn *fn, void *arg)
{
	bool before = client->in_callback;
	client->in_callback = true;
	fn(future, arg);
	client->in_callback = before;
}

void
loop_deliver(struct reapq_client *client)
{
	struct reapq_future *future;
	if (client->in_callback)
		return;
	while (!client->freed && (future = TAILQ_FIRST(&client->ready))) {
		reapq_done_fn *fn = future->fn;
		TAILQ_REMOVE(&client->ready, future, in_ready);
		future->is_ready = false;
		loop_call_back(client, future, fn, future->fn_arg);
	}
}

int
reapq_process(struct reapq_client *client, struct reapq_error *err)
{
	int rc = client_check(client, err);
	if (rc)
		return rc;
	if (client->in_callback)
		return error_set(err, REAPQ_EDEADLK,
		    "reapq_process() inside a callback: it is running already");
	loop_poll(client);
	loop_deliver(client);
	if (client_free_if_asked(client))
		return 0;
	client->news = false;
	loop_mirror(client);
	return 0;
}
