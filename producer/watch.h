/*
 * watch.h - sees to it that every pending future settles.
 *
 * Three ways, each enough if the ones before it fail: a hint on the client's reply list
 * (hint.c), a look at every future's record every few seconds and after each reconnect
 * (resync.c), and with no worker left to do it, this client's own tick.lua (watch.c).
 */
#ifndef PRODUCER_WATCH_H
#define PRODUCER_WATCH_H

#include "future.h"
#include <reapq/producer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;
struct queue;

#define WATCH_PEEK_MAX 200   /* ids in one look */
#define WATCH_FETCH_MAX 1000 /* results that are read at once */

struct watch {
	struct event *timer;
	int64_t due_ms;     /* monotonic; -1: not armed */
	int64_t resync_ms;  /* every future is looked at at least so often */
	bool listening;     /* a blocking wait is under way */
	bool nudged;        /* and was asked to end */
	bool resync_all;    /* look at all of them at the next tick */
	struct peek *peeks; /* under way */
	struct future_list to_fetch;
	size_t fetches; /* under way */
};

int watch_new(
    struct watch **ret_watch, struct reapq_client *client, struct reapq_error *err);
void watch_free(struct watch *watch);

/* A future on this queue was opened: listen for its hint. */
int watch_start(struct queue *queue, struct reapq_error *err);

/* What is known may be out of date (reconnected, flushed): look at all, soon. */
void watch_resync(struct reapq_client *client);

/* Its task has ended, or its future has no order: reads the result key, in turn, unless
 * that is under way. It is never submitted again. */
void watch_fetch(struct reapq_future *future);

/* hint.c. fetch_more goes on with what could not be sent. */
void hint_fetch_more(struct reapq_client *client);
void hint_listen(struct reapq_client *client);

/* resync.c: one step of the rolling look over a queue's futures. */
void resync_step(struct queue *queue, bool all);
void resync_free(struct watch *watch);

#endif
