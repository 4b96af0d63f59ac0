/*
 * conn_loop.c - a connection's life: connecting, greeting, asking, losing, again.
 *
 * States: down (a timer will try again), connecting, greeting, up. Every change of
 * state and every callback happens in one of the event callbacks here, never inside
 * a call of the owner's: what the owner sends waits in the pipeline and leaves at
 * the end of the loop's turn, together with what else was sent in it.
 *
 * While a callback runs the owner may send, forget and reset: none of those moves
 * what the code around the callback is walking along (see pipeline.h). It may not
 * free the conn.
 */
#include "conn_loop.h"
#include "clock.h"
#include "error.h"
#include "hello.h"
#include "reply.h"
#include <event2/util.h>
#include <hiredis/hiredis.h>
#include <stdio.h>

#define WRITE_PIECES 256
#define WRITES_A_TURN 8

void
conn_loop_kick(struct conn *c)
{
	if (c->kicked)
		return;
	c->kicked = true;
	event_active(c->kick, 0, 0);
}

static int64_t
delay_ms(struct backoff *b)
{
	uint32_t rnd;

	evutil_secure_rng_get_bytes(&rnd, sizeof rnd);
	return backoff_next_ms(b, rnd);
}

void
conn_loop_call(struct conn *c, conn_reply_fn *fn, const struct redisReply *reply,
    const struct reapq_error *err, void *arg)
{
	if (!fn)
		return;
	c->in_callback = true;
	fn(reply, err, arg);
	c->in_callback = false;
}

void
conn_loop_settle(struct conn *c, struct request *r, const struct redisReply *reply,
    const struct reapq_error *err)
{
	conn_reply_fn *fn = r->fn;
	void *arg = r->arg;

	request_free(r);
	conn_loop_call(c, fn, reply, err, arg);
}

static void
tell(struct conn *c, bool up)
{
	if (!c->on_state)
		return;
	c->in_callback = true;
	c->on_state(up, up ? NULL : &c->error, c->arg);
	c->in_callback = false;
}

void
conn_loop_close_link(struct conn *c)
{
	if (c->readable)
		event_free(c->readable);
	if (c->writable)
		event_free(c->writable);
	c->readable = c->writable = NULL;
	c->writing = false;
	link_close(&c->link);
}

static void
lost(struct conn *c, const struct reapq_error *why)
{
	struct request *r;

	conn_loop_close_link(c);
	c->state = CONN_DOWN;
	c->reset = false;
	c->error = *why;
	pipeline_lost(&c->pipe);
	conn_timer_stop(&c->watchdog);
	conn_timer_stop(&c->later);
	conn_timer_start(&c->retry, delay_ms(&c->backoff));
	tell(c, false);
	while ((r = pipeline_doomed(&c->pipe)))
		conn_loop_settle(c, r, NULL, &c->error);
}

void
conn_loop_lost(struct conn *c, const char *reason)
{
	const char *how = c->state == CONN_UP ? "lost Redis at" : "no Redis at";
	struct reapq_error err = REAPQ_ERROR_INIT;

	error_set(&err, REAPQ_ECONN, "%s %s: %s", how, c->where, reason);
	lost(c, &err);
}

static void
up(struct conn *c)
{
	c->state = CONN_UP;
	c->epoch++;
	c->error = (struct reapq_error)REAPQ_ERROR_INIT;
	conn_timer_stop(&c->retry);
	if (c->watchdog_ms > 0)
		conn_timer_start(&c->watchdog, c->watchdog_ms);
	tell(c, true);
	conn_loop_kick(c);
}

/* Once it was up, eviction is only told: reports under way still have to get there. */
static struct hello_options
hello_options(const struct conn *c)
{
	return (struct hello_options){.url = &c->url,
	    .client_name = c->client_name,
	    .where = c->where,
	    .check_server = c->check_server,
	    .refuse_eviction = !c->allow_eviction && c->epoch == 0};
}

static void
put_off(struct conn *c, struct request *r, const struct reapq_error *why)
{
	snprintf(c->later_why, sizeof c->later_why, "%.100s", why->msg);
	pipeline_later(&c->pipe, r);
	if (c->later.at_ms == 0)
		conn_timer_start(&c->later, delay_ms(&c->later_backoff));
}

/* The answer to a caller's request. */
static void
answer(struct conn *c, struct request *r, const struct redisReply *reply)
{
	enum reply_class class = reply_classify(reply);
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct request *whole;

	if (class == REPLY_FINE) {
		backoff_reset(&c->backoff);
		backoff_reset(&c->later_backoff);
		c->later_why[0] = '\0';
		conn_loop_settle(c, r, reply, NULL);
		return;
	}
	reply_error(reply, &err);
	if (class == REPLY_RECONNECT)
		conn_reset(c, err.msg);
	if (class == REPLY_NOSCRIPT && r->script && !r->dropped) {
		whole = request_whole(r);
		if (whole) {
			request_free(r);
			pipeline_again(&c->pipe, whole);
			conn_loop_kick(c);
			return;
		}
		error_set(&err, REAPQ_ENOMEM, "no memory to send a script's text");
	} else if (class == REPLY_RECONNECT && r->resend && !r->dropped) {
		pipeline_again(&c->pipe, r);
		return;
	} else if (class == REPLY_WAIT && r->resend && !r->dropped) {
		put_off(c, r, &err);
		return;
	} else if (class == REPLY_DENIED && r->insist && !r->dropped) {
		put_off(c, r, &err);
		if (c->on_denied)
			c->on_denied(&err, c->arg);
		return;
	}
	conn_loop_settle(c, r, NULL, &err);
}

/* False: the connection was lost over it. */
static bool
take_reply(struct conn *c, const struct redisReply *reply)
{
	struct request *r = pipeline_answered(&c->pipe);
	struct reapq_error err = REAPQ_ERROR_INIT;
	enum request_own own;
	struct hello_options opts;
	int rc;

	if (!r) {
		if (reply_is_error(reply))
			reply_error(reply, &err);
		conn_loop_lost(c, err.code != 0 ? err.msg : "a reply to no request");
		return false;
	}
	own = r->own;
	if (own == REQUEST_NONE) {
		answer(c, r, reply);
		return true;
	}
	request_free(r);
	if (own == REQUEST_PING) {
		backoff_reset(&c->backoff);
		return true;
	}
	opts = hello_options(c);
	rc = hello_answer(own, reply, &opts, &c->info, &err);
	if (rc < 0) {
		lost(c, &err);
		return false;
	}
	if (rc > 0)
		up(c);
	return true;
}

static void
read_replies(struct conn *c)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct redisReply *reply;
	bool open = true;
	int rc;

	if (link_read(&c->link, &err) < 0) {
		conn_loop_lost(c, err.msg);
		return;
	}
	c->heard_ms = clock_mono_ms();
	while (open && (rc = link_reply(&c->link, &reply, &err)) != 0) {
		if (rc < 0) {
			conn_loop_lost(c, err.msg);
			return;
		}
		open = take_reply(c, reply);
		freeReplyObject(reply);
	}
}

static void
want_write(struct conn *c, bool want)
{
	if (want == c->writing)
		return;
	c->writing = want;
	if (want)
		event_add(c->writable, NULL);
	else
		event_del(c->writable);
}

/* Writes what there is, up to a bound, so that reading gets its turn. */
static void
write_requests(struct conn *c)
{
	struct iovec iov[WRITE_PIECES];
	struct reapq_error err = REAPQ_ERROR_INIT;

	for (int turn = 0; turn < WRITES_A_TURN; turn++) {
		int n =
		    pipeline_gather(&c->pipe, c->state == CONN_UP, iov, WRITE_PIECES);
		bool idle = TAILQ_EMPTY(&c->pipe.sent);
		size_t total = 0;
		ssize_t written;

		if (n == 0) {
			want_write(c, false);
			return;
		}
		for (int i = 0; i < n; i++)
			total += iov[i].iov_len;
		written = link_write(&c->link, iov, n, &err);
		if (written < 0) {
			/* what the server said before it hung up tells more */
			read_replies(c);
			if (link_is_open(&c->link))
				conn_loop_lost(c, err.msg);
			return;
		}
		if (idle && written > 0)
			c->asked_ms = clock_mono_ms();
		pipeline_wrote(&c->pipe, (size_t)written);
		if ((size_t)written < total)
			break;
	}
	want_write(c, true);
}

static void
greet(struct conn *c)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct hello_options opts = hello_options(c);

	if (link_connected(&c->link, &err) < 0 ||
	    hello_queue(&c->pipe, &opts, &err) < 0) {
		conn_loop_lost(c, err.msg);
		return;
	}
	c->state = CONN_GREETING;
	c->info = (struct server_info){0};
	event_add(c->readable, NULL);
	write_requests(c);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	read_replies(arg);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	if (c->state == CONN_CONNECTING) {
		greet(c);
		return;
	}
	/* the socket was full and is no longer: somebody takes our bytes */
	c->heard_ms = clock_mono_ms();
	write_requests(c);
}

void
conn_loop_on_kick(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	c->kicked = false;
	if (c->reset && c->state != CONN_DOWN)
		conn_loop_lost(c, c->reset_why);
	else if (c->state == CONN_UP && !c->writing)
		write_requests(c);
}

static void
connect_now(struct conn *c)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	if (link_open(&c->link, &c->url, &err) < 0) {
		conn_loop_lost(c, err.msg);
		return;
	}
	c->readable =
	    event_new(c->base, link_fd(&c->link), EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(
	    c->base, link_fd(&c->link), EV_WRITE | EV_PERSIST, on_writable, c);
	if (!c->readable || !c->writable) {
		conn_loop_lost(c, "no memory for its events");
		return;
	}
	c->state = CONN_CONNECTING;
	conn_timer_start(&c->retry, c->connect_timeout_ms);
	want_write(c, true);
}

void
conn_loop_on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)fd;
	(void)what;
	c->retry.at_ms = 0;
	if (c->state == CONN_DOWN) {
		connect_now(c);
		return;
	}
	error_set(&err, REAPQ_ECONN, "no answer within %d ms", c->connect_timeout_ms);
	conn_loop_lost(c, err.msg);
}
