/*
 * conn.c - the owner's side of a connection: make, send, forget, ask, free.
 *
 * These calls only put things in the pipeline or note what is wanted; none of them
 * reads, writes or calls back. The rest is in conn_loop.c.
 */
#include "conn_loop.h"
#include "check.h"
#include "clock.h"
#include "error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 5000
#define WATCHDOG_MS 5000
#define BACKOFF_MIN_MS 50
#define BACKOFF_MAX_MS 2000
#define PENDING_MAX 100000
#define PENDING_BYTES_MAX ((size_t)1 << 30)

static int
make_events(struct conn *c)
{
	c->kick = event_new(c->base, -1, 0, conn_loop_on_kick, c);
	c->retry.ev = evtimer_new(c->base, conn_loop_on_retry, c);
	c->deadline.ev = evtimer_new(c->base, conn_timer_on_deadline, c);
	c->watchdog.ev = evtimer_new(c->base, conn_timer_on_watchdog, c);
	c->later.ev = evtimer_new(c->base, conn_timer_on_later, c);
	if (!c->kick || !c->retry.ev || !c->deadline.ev || !c->watchdog.ev ||
	    !c->later.ev)
		return REAPQ_ENOMEM;
	return 0;
}

int
conn_new(struct conn **ret_conn, struct event_base *base,
    const struct conn_options *opts, struct reapq_error *err)
{
	struct conn *c;
	int rc;

	if ((rc = link_check(opts->url, err)) < 0)
		return rc;
	c = calloc(1, sizeof *c);
	if (!c)
		goto no_memory;
	c->base = base;
	c->url = *opts->url;
	url_format(&c->url, c->where, sizeof c->where);
	c->check_server = opts->check_server;
	c->allow_eviction = opts->allow_eviction;
	c->connect_timeout_ms = opts->connect_timeout_ms > 0 ? opts->connect_timeout_ms
							     : CONNECT_TIMEOUT_MS;
	c->watchdog_ms = opts->watchdog_ms != 0 ? opts->watchdog_ms : WATCHDOG_MS;
	c->on_state = opts->on_state;
	c->on_denied = opts->on_denied;
	c->arg = opts->arg;
	c->backoff = c->later_backoff =
	    (struct backoff){.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS};
	pipeline_init(&c->pipe);
	if (opts->client_name && !(c->client_name = strdup(opts->client_name)))
		goto no_memory;
	if (make_events(c) < 0)
		goto no_memory;
	/* not from here: the owner has no conn yet to make sense of on_state */
	conn_timer_start(&c->retry, 0);
	*ret_conn = c;
	return 0;

no_memory:
	conn_free(c);
	return error_set(err, REAPQ_ENOMEM, "no memory for a connection to Redis");
}

static void
free_event(struct event *ev)
{
	if (ev)
		event_free(ev);
}

void
conn_free(struct conn *c)
{
	if (!c)
		return;
	CHECK(!c->in_callback);
	conn_loop_close_link(c);
	pipeline_clear(&c->pipe);
	free_event(c->kick);
	free_event(c->retry.ev);
	free_event(c->deadline.ev);
	free_event(c->watchdog.ev);
	free_event(c->later.ev);
	free(c->client_name);
	explicit_bzero(c->url.password, sizeof c->url.password);
	free(c);
}

bool
conn_up(const struct conn *c)
{
	return c->state == CONN_UP;
}

unsigned
conn_epoch(const struct conn *c)
{
	return c->epoch;
}

const struct server_info *
conn_server(const struct conn *c)
{
	return &c->info;
}

const struct reapq_error *
conn_error(const struct conn *c)
{
	return &c->error;
}

int
conn_fd(const struct conn *c)
{
	return link_fd(&c->link);
}

bool
conn_wants_write(const struct conn *c)
{
	return c->writing || c->kicked;
}

int
conn_timeout_ms(const struct conn *c)
{
	const struct conn_timer *const timers[] = {
	    &c->retry, &c->deadline, &c->watchdog, &c->later};
	int64_t first_ms = 0, left_ms;

	if (c->kicked)
		return 0;
	for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++)
		if (timers[i]->at_ms != 0 &&
		    (first_ms == 0 || timers[i]->at_ms < first_ms))
			first_ms = timers[i]->at_ms;
	if (first_ms == 0)
		return -1;
	left_ms = first_ms - clock_mono_ms();
	if (left_ms < 0)
		return 0;
	return left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
}

int
conn_send(struct conn *c, const struct conn_request *req, struct reapq_error *err)
{
	struct request *r;
	int rc;

	if (c->pipe.count >= PENDING_MAX)
		return error_set(err, REAPQ_EFULL,
		    "%zu requests to Redis at %s have no answer yet", c->pipe.count,
		    c->where);
	if ((rc = request_new(&r, req, err)) < 0)
		return rc;
	if (c->pipe.bytes + r->len > PENDING_BYTES_MAX) {
		error_set(err, REAPQ_EFULL,
		    "requests of %zu bytes to Redis at %s have no answer yet: no room "
		    "for %zu more",
		    c->pipe.bytes, c->where, r->len);
		request_free(r);
		return REAPQ_EFULL;
	}
	if (req->timeout_ms > 0) {
		r->deadline_ms = clock_mono_ms() + req->timeout_ms;
		if (c->deadline.at_ms == 0 || r->deadline_ms < c->deadline.at_ms)
			conn_timer_start(&c->deadline, req->timeout_ms);
	}
	pipeline_add(&c->pipe, r);
	if (c->state == CONN_UP)
		conn_loop_kick(c);
	return 0;
}

void
conn_forget(struct conn *c, void *arg)
{
	pipeline_forget(&c->pipe, arg);
}

size_t
conn_pending(const struct conn *c)
{
	return c->pipe.count;
}

void
conn_reset(struct conn *c, const char *why)
{
	if (c->state == CONN_DOWN || c->reset)
		return;
	c->reset = true;
	snprintf(c->reset_why, sizeof c->reset_why, "%s", why);
	conn_loop_kick(c);
}
