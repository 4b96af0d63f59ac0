/*
 * conn.h - one connection to Redis on a libevent loop, kept up for ever.
 *
 * Model. A conn connects, says AUTH, SELECT and CLIENT SETNAME, and is up. When it
 * is lost it comes back by itself, after 50 ms to 2 s with jitter, until freed. A
 * request waits until the conn is up, goes out in order, and its callback is called
 * exactly once: with a reply, or with an error (never inside conn_send itself).
 *
 * The one rule of recovery: no answer means unknown, so the very same request is sent
 * again (CONN_RESEND, for the scripts and for reads, which are all safe to repeat).
 * Blocking commands don't set it: their owner asks again.
 *
 * Deadlines are timers of our own, as hiredis's would cut the whole connection and
 * 0.14 has none. Sockets are close-on-exec, with TCP keepalive and TCP_USER_TIMEOUT,
 * and while requests are out a watchdog breaks the connection when nothing has
 * been received for watchdog_ms, so that a black hole is noticed in seconds. When
 * nothing is out it sends a PING that often.
 *
 * Threads: the loop's. Name resolution blocks the loop while (re)connecting to a host
 * name; use an address where that matters. link.c alone connects with hiredis; link.h
 * says why that is not by hiredis's async interface.
 */
#ifndef REDIS_CONN_H
#define REDIS_CONN_H

#include "script.h"
#include "url.h"
#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct server_info;
struct event_base;
struct redisReply;

/* up false: err says why (lent). May be called again with false on each failed try.
 * Must not free the conn. */
typedef void conn_state_fn(bool up, const struct reapq_error *err, void *arg);

/* A CONN_INSIST request was denied; it goes out again, seconds later. err lent. */
typedef void conn_denied_fn(const struct reapq_error *err, void *arg);

struct conn_options {
	const struct url *url;   /* copied */
	const char *client_name; /* copied; for CLIENT LIST */
	int connect_timeout_ms;  /* of one try; 0: 5,000 */
	int watchdog_ms;         /* 0: 5,000; -1: none */
	bool check_server;       /* read INFO and refuse Redis < 7.0, Valkey < 7.2; the
				  first time also a server that may evict tasks */
	bool allow_eviction;     /* but not that */
	conn_state_fn *on_state; /* may be NULL */
	conn_denied_fn *on_denied; /* may be NULL */
	void *arg;
};

/* Starts connecting; returns before it is up. EINVAL (TLS with a hiredis that has
 * none), ENOMEM. */
int conn_new(struct conn **ret_conn, struct event_base *base,
    const struct conn_options *opts, struct reapq_error *err);

/* Open requests are dropped WITHOUT their callbacks. Not from inside a callback of
 * this conn's. */
void conn_free(struct conn *c);

bool conn_up(const struct conn *c);

/* How often it came up: what has the same epoch went over the same connection. */
unsigned conn_epoch(const struct conn *c);

/* With check_server: what the server said when it last came up. Never NULL. */
const struct server_info *conn_server(const struct conn *c);

/* Why it is not up; code REAPQ_OK if it is, or if the first try still runs. Code
 * REAPQ_EREDIS: the server refused us (password, version); trying again goes on.
 * REAPQ_ECONN with sys EAGAIN: it is there, and not ready (LOADING, BUSY). */
const struct reapq_error *conn_error(const struct conn *c);

/* For foreign loops: the socket, -1 if none; whether bytes wait to be written; ms to
 * the next timer of this conn's, -1: none. */
int conn_fd(const struct conn *c);
bool conn_wants_write(const struct conn *c);
int conn_timeout_ms(const struct conn *c);

/* Exactly one of reply and err is NULL. An error reply of Redis's comes as err
 * REAPQ_EREDIS (EFULL for OOM) with its text. Both are lent. May send. */
typedef void conn_reply_fn(
    const struct redisReply *reply, const struct reapq_error *err, void *arg);

enum {
	CONN_RESEND = 1 << 0, /* repeat until answered or timed out */
	CONN_INSIST = 1 << 1  /* with it: repeat what the user may not do, too */
};

/* At most this many strings in one request. */
#define CONN_ARGS_MAX 1100

struct conn_request {
	const struct script *script; /* NULL: argv[0] is the command's name */
	const char *key;             /* of a script: KEYS[1] */
	int argc;                    /* ARGV of the script, or the whole command */
	const char *const *argv;
	const size_t *argv_len; /* NULL: all are C strings */
	int timeout_ms;         /* ECONN/ETIMEDOUT after this; 0: never */
	unsigned flags;
	conn_reply_fn *fn; /* NULL: the answer doesn't matter */
	void *arg;
};

/*
 * Queues a request; everything is copied. EINVAL, ENOMEM, EFULL (over 100,000 requests
 * or 1 GiB are waiting).
 */
int conn_send(struct conn *c, const struct conn_request *req, struct reapq_error *err);

/* Drops all requests with this arg without calling back (their owner goes away). */
void conn_forget(struct conn *c, void *arg);

/* Requests that have no answer yet. */
size_t conn_pending(const struct conn *c);

/* Breaks the connection, at the end of this turn of the loop; it comes back by
 * itself, and what is sent from now on goes out then. For a blocking command that
 * outlived its time. */
void conn_reset(struct conn *c, const char *why);

#endif
