/*
 * conn_timer.c - a connection's clocks: deadlines, the watchdog, "not now".
 *
 * libevent's timers may go off some milliseconds early, as it reads a coarse clock
 * once a turn; so each callback looks at the time again and goes back to sleep.
 */
#include "conn_loop.h"
#include "clock.h"
#include "error.h"

/* Walking along all requests is not done more often than this. */
#define EXPIRE_EVERY_MS 20

void
conn_timer_start(struct conn_timer *t, int64_t in_ms)
{
	struct timeval tv = {in_ms / 1000, (in_ms % 1000) * 1000};

	t->at_ms = clock_mono_ms() + in_ms;
	evtimer_add(t->ev, &tv);
}

void
conn_timer_stop(struct conn_timer *t)
{
	t->at_ms = 0;
	evtimer_del(t->ev);
}

void
conn_timer_on_later(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	c->later.at_ms = 0;
	pipeline_wake(&c->pipe);
	conn_loop_kick(c);
}

static void
ping(struct conn *c)
{
	struct request *r;
	const char *argv[] = {"PING"};

	if (request_new(&r, &(struct conn_request){.argc = 1, .argv = argv}, NULL) < 0)
		return; /* there is a next time */
	r->own = REQUEST_PING;
	pipeline_add(&c->pipe, r);
	conn_loop_kick(c);
}

void
conn_timer_on_watchdog(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct reapq_error err = REAPQ_ERROR_INIT;
	bool asked = !TAILQ_EMPTY(&c->pipe.sent);
	int64_t since_ms = c->heard_ms, left_ms;

	(void)fd;
	(void)what;
	c->watchdog.at_ms = 0;
	if (asked && c->asked_ms > since_ms)
		since_ms = c->asked_ms;
	left_ms = since_ms + c->watchdog_ms - clock_mono_ms();
	if (left_ms <= 0 && asked) {
		error_set(&err, REAPQ_ECONN, "nothing was received for %d ms",
		    c->watchdog_ms);
		conn_loop_lost(c, err.msg);
		return;
	}
	if (left_ms <= 0) {
		ping(c);
		left_ms = c->watchdog_ms;
	}
	conn_timer_start(&c->watchdog, left_ms);
}

/* err: why a request has no answer after timeout_ms. */
static void
say_late(const struct conn *c, int timeout_ms, struct reapq_error *err)
{
	if (c->state != CONN_UP)
		error_set(err, REAPQ_ECONN, "no answer within %d ms: %s", timeout_ms,
		    c->error.code != 0 ? c->error.msg : "still connecting");
	else if (c->later_why[0] != '\0')
		error_set(err, REAPQ_ETIMEDOUT,
		    "Redis at %s was not ready within %d ms: %s", c->where, timeout_ms,
		    c->later_why);
	else
		error_set(err, REAPQ_ETIMEDOUT, "Redis at %s: no answer within %d ms",
		    c->where, timeout_ms);
}

/*
 * One timer for all deadlines, set to the earliest. Requests that are answered in
 * time leave it alone, so it mostly goes off for nothing, once per timeout; keeping
 * deadlines in order would cost each request more than that walk does.
 */
void
conn_timer_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct reapq_error err = REAPQ_ERROR_INIT;
	int64_t now_ms = clock_mono_ms(), next_ms;
	struct request *r;

	(void)fd;
	(void)what;
	c->deadline.at_ms = 0;
	next_ms = pipeline_expire(&c->pipe, now_ms);
	if (next_ms != 0)
		conn_timer_start(&c->deadline, next_ms - now_ms < EXPIRE_EVERY_MS
						   ? EXPIRE_EVERY_MS
						   : next_ms - now_ms);
	TAILQ_FOREACH(r, &c->pipe.sent, link)
	{
		conn_reply_fn *fn = r->fn;

		if (r->dropped || r->deadline_ms == 0 || r->deadline_ms > now_ms)
			continue;
		pipeline_drop(&c->pipe, r);
		say_late(c, r->timeout_ms, &err);
		conn_loop_call(c, fn, NULL, &err, r->arg);
	}
	while ((r = pipeline_doomed(&c->pipe))) {
		say_late(c, r->timeout_ms, &err);
		conn_loop_settle(c, r, NULL, &err);
	}
}
