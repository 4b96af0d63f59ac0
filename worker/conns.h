/*
 * conns.h - a worker's connections to Redis, each for what may not hold up the others.
 */
#ifndef WORKER_CONNS_H
#define WORKER_CONNS_H

#include "config.h"
#include "conn.h"

struct conns {
	struct conn
	    *main; /* heartbeats, ticks, small reports; its state is the worker's */
	struct conn *claims; /* claims: their messages may be large */
	struct conn *bell;   /* the blocking pop */
	struct conn *big;    /* large reports */
	conn_state_fn *on_state;
	void *arg;
	bool warned;
	int64_t denied_ms; /* when a denied report was last told of; 0: never */
};

/* on_state hears of main. What was opened before a failure is the caller's to close. */
int conns_open(struct conns *c, struct event_base *base, const struct config *config,
    const char *worker_id, conn_state_fn *on_state, void *arg, struct reapq_error *err);
/* Lets out what main has not sent yet: bounded, as nobody's task depends on it. Runs the
 * loop. */
void conns_flush(struct conns *c, struct event_base *base);
void conns_close(struct conns *c);

#endif
