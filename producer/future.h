/*
 * future.h - a producer's handle on one task, inside the library.
 *
 * States: pending (in the client's lookup, counted in queue->open_n), then done (has a
 * report) for ever. First settlement wins. A pending future is on its queue's list of
 * those to look after once its submit was answered (watched).
 *
 * A request that is under way holds a reference; a future freed by the user meanwhile is
 * an orphan: off every list but client->all, until the last answer has come.
 *
 * An order is kept only while the task may be submitted again: not on a future that
 * joined another's task, whose terms are not known here, nor once it is known to have
 * ended.
 *
 * Size: under 1 KB while pending, not counting the message that is kept.
 */
#ifndef PRODUCER_FUTURE_H
#define PRODUCER_FUTURE_H

#include "wire.h"
#include <reapq/producer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct future_hop;
struct order;
struct queue;

TAILQ_HEAD(future_list, reapq_future);
LIST_HEAD(future_chain, reapq_future);

/* What reapq_wait() counts while it runs. */
struct future_count {
	size_t total, done, bad;
};

/* What became of a future while a call waited for it alone. */
struct future_fate {
	bool freed, done; /* done: before it was freed */
};

struct reapq_future {
	struct reapq_client *client; /* NULL: it was freed */
	struct queue *queue;         /* NULL with the client */
	LIST_ENTRY(reapq_future) by_id;
	TAILQ_ENTRY(reapq_future) in_all;
	TAILQ_ENTRY(reapq_future) in_watch; /* queue->watched or queue->missing */
	TAILQ_ENTRY(reapq_future) in_ready;
	TAILQ_ENTRY(reapq_future) in_set;
	TAILQ_ENTRY(reapq_future) in_fetch;
	struct reapq_set *set;
	struct order *order;      /* to submit it again; NULL: not kept */
	struct future_fate *fate; /* of the wait for it; NULL: none */
	struct reapq_report *report;
	struct wire_box box;
	struct future_hop *hops;        /* queues it was in before, the last first */
	struct reapq_attempt *attempts; /* of all of them; NULL: report has its own */
	reapq_done_fn *fn;
	void *fn_arg;
	void *user;
	int64_t submitted_ms; /* wall clock */
	int64_t live_ms;      /* boot clock: the task was last known to be in Redis */
	int64_t looked_ms;    /* boot clock: when that was last asked */
	int64_t missing_ms;   /* boot clock: first found missing */
	uint32_t hash;
	uint32_t refs;
	uint32_t wait_number, wait_weight;
	const char *id, *queue_name, *handler, *tag; /* in text; tag may be NULL */
	int max_attempts;
	uint8_t resubmits;
	bool done, joined, freed;
	bool fetching;       /* its result is being read, or is to be */
	bool waits_to_fetch; /* on watch->to_fetch */
	bool looking, watched, missing, is_ready;
	char text[];
};

/* A pending future, in the lookup but not watched. ENOMEM. */
int future_open(struct reapq_future **ret_future, struct queue *queue, const char *id,
    const struct reapq_task *task, struct reapq_error *err);

/* Its task is known to be in Redis: look after it. */
void future_watch(struct reapq_future *future);

/* It is never to be submitted again. */
void future_forget_order(struct reapq_future *future);

/* Settles by the element of a result key; what can't be read settles it as lost. Nothing
 * if it is done. Out of memory: it stays pending, and is read again later. */
void future_settle(struct reapq_future *future, const void *data, size_t len);

/* Settles with a report of our own: lost, vanished, proved. */
void future_settle_lost(struct reapq_future *future, const char *fmt, ...)
    REAPQ_PRINTF(2, 3);

/* A request with this future as its argument goes out; its answer came. After unref the
 * future may be gone: false. */
void future_ref(struct reapq_future *future);
bool future_unref(struct reapq_future *future);

/* The client goes away: the future keeps what it knows. */
void future_detach(struct reapq_future *future);

#endif
