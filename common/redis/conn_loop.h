/*
 * conn_loop.h - what the parts of a connection share: conn.c (the owner's calls),
 * conn_loop.c (the loop's) and conn_timer.c (its clocks).
 *
 * The owner's calls only note what is wanted and kick; everything else, every
 * callback above all, happens in one of the on_ functions.
 */
#ifndef REDIS_CONN_LOOP_H
#define REDIS_CONN_LOOP_H

#include "backoff.h"
#include "conn.h"
#include "link.h"
#include "pipeline.h"
#include "server_info.h"
#include <event2/event.h>

enum conn_state {
	CONN_DOWN,
	CONN_CONNECTING,
	CONN_GREETING,
	CONN_UP
};

struct conn_timer {
	struct event *ev;
	int64_t at_ms; /* 0: not running */
};

struct conn {
	struct event_base *base;
	struct url url;
	char where[512]; /* the URL without its password */
	char *client_name;
	bool check_server, allow_eviction;
	unsigned epoch; /* how often it came up */
	struct server_info info;
	int connect_timeout_ms, watchdog_ms;
	conn_state_fn *on_state;
	conn_denied_fn *on_denied;
	void *arg;

	enum conn_state state;
	struct link link;
	struct reapq_error error; /* why it is not up */
	struct pipeline pipe;
	struct event *readable, *writable; /* NULL while the link is closed */
	struct event *kick;
	bool writing; /* writable is being waited for */
	bool kicked;
	bool reset; /* asked for by conn_reset, or by an answer */
	bool in_callback;
	char reset_why[128];
	char later_why[128]; /* the last "not now" of Redis's; "": none */
	struct backoff backoff, later_backoff;
	struct conn_timer retry; /* the next try, or the end of this one */
	struct conn_timer deadline, watchdog, later;
	int64_t heard_ms; /* something came in, or stuck bytes went out */
	int64_t asked_ms; /* since when requests are out without a break */
};

/* To be done at the end of this turn of the loop. */
void conn_loop_kick(struct conn *c);

/* The connection is lost, or did not come about, for this reason. */
void conn_loop_lost(struct conn *c, const char *reason);

/* Calls back with what fn may not do forbidden; fn may be NULL. */
void conn_loop_call(struct conn *c, conn_reply_fn *fn, const struct redisReply *reply,
    const struct reapq_error *err, void *arg);

/* The same for a request that has left the pipeline; frees it. */
void conn_loop_settle(struct conn *c, struct request *r, const struct redisReply *reply,
    const struct reapq_error *err);

void conn_loop_close_link(struct conn *c);

void conn_timer_start(struct conn_timer *t, int64_t in_ms);
void conn_timer_stop(struct conn_timer *t);

/* Event callbacks; arg: the conn. */
void conn_loop_on_kick(evutil_socket_t fd, short what, void *arg);
void conn_loop_on_retry(evutil_socket_t fd, short what, void *arg);
void conn_timer_on_deadline(evutil_socket_t fd, short what, void *arg);
void conn_timer_on_watchdog(evutil_socket_t fd, short what, void *arg);
void conn_timer_on_later(evutil_socket_t fd, short what, void *arg);

#endif
