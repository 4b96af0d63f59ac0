/*
 * resync.c - the rolling look at the records of pending futures, and what follows when
 * one has none.
 *
 * No record means that Redis lost it: a task's record becomes its result's in one step,
 * and that is kept for result_ttl. So a task that was seen less than result_ttl ago may
 * be submitted again without running a finished one twice: if it is this producer's own,
 * as the result_ttl of another's is not known here. Where the message was not
 * kept, a second look a moment later settles the future as vanished. A task that must
 * not start twice (REAPQ_MAX_LOST_NONE) is never kept: it may be running now.
 */
#include "client.h"
#include "clock.h"
#include "error.h"
#include "order.h"
#include "queue.h"
#include "reply.h"
#include "watch.h"

#include <stdlib.h>

#define RESUBMITS_MAX 3
#define VANISHED                                                                \
	"the task's record is gone from Redis: it was flushed or evicted, its " \
	"result's "                                                             \
	"time ran out, or Redis restarted without it"

/* One look under way. The futures are referenced. */
struct peek {
	struct peek *next, **prev;
	struct queue *queue;
	int64_t sent_ms; /* boot clock */
	size_t n;
	struct reapq_future *futures[WATCH_PEEK_MAX];
};

static void
peek_free(struct peek *peek)
{
	*peek->prev = peek->next;
	if (peek->next)
		peek->next->prev = peek->prev;
	free(peek);
}

static void
to_missing(struct reapq_future *future)
{
	struct queue *queue = future->queue;
	TAILQ_REMOVE(&queue->watched, future, in_watch);
	TAILQ_INSERT_TAIL(&queue->missing, future, in_watch);
	future->missing = true;
	future->missing_ms = clock_boot_ms();
}

static void
to_watched(struct reapq_future *future)
{
	struct queue *queue = future->queue;
	TAILQ_REMOVE(&queue->missing, future, in_watch);
	TAILQ_INSERT_TAIL(&queue->watched, future, in_watch);
	future->missing = false;
}

static void
on_submitted_again(
    const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct reapq_future *future = arg;
	int64_t code = 0;
	future->looking = false;
	if (!future_unref(future) || future->done)
		return;
	if (err && err->code == REAPQ_EREDIS && future->resubmits >= RESUBMITS_MAX) {
		future_settle_lost(
		    future, VANISHED "; submitting it again failed: %s", err->msg);
		return;
	}
	if (err || reply_int(reply_at(reply, 0), &code, NULL) != 0)
		return;
	if (code == -3) {
		future_settle_lost(
		    future, VANISHED "; another task holds its unique key by now");
		return;
	}
	future->resubmits = 0;
	future->live_ms = clock_boot_ms();
}

static bool
submit_again(struct reapq_future *future)
{
	const struct order *order = future->order;
	if (!order || clock_boot_ms() - future->live_ms >= order->result_ttl_ms)
		return false;
	/* Redis may have forgotten us with the task. */
	future->queue->alive_ms = 0;
	if (order_send(order, future->queue, future->id, ORDER_NOTIFY | ORDER_AGAIN,
		on_submitted_again, future, NULL) != 0)
		return true;
	future_ref(future);
	future->looking = true;
	if (future->resubmits < UINT8_MAX)
		future->resubmits++;
	return true;
}

static void
no_record(struct reapq_future *future)
{
	int64_t again_ms = future->client->watch->resync_ms / 8;
	if (future->fetching || submit_again(future))
		return;
	if (!future->missing)
		to_missing(future);
	else if (clock_boot_ms() - future->missing_ms >= again_ms)
		future_settle_lost(future, VANISHED);
}

static void
on_peek(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct peek *peek = arg;
	for (size_t i = 0; i < peek->n; i++) {
		struct reapq_future *future = peek->futures[i];
		int64_t found = 0;
		future->looking = false;
		if (!future_unref(future) || future->done || err ||
		    reply_int(reply_at(reply, i), &found, NULL) != 0)
			continue;
		if (found >= 0 && future->missing)
			to_watched(future);
		if (found == 1)
			watch_fetch(future);
		else if (found == 0)
			future->live_ms = peek->sent_ms;
		else
			no_record(future);
	}
	peek_free(peek);
}

static struct peek *
peek_new(struct queue *queue)
{
	struct watch *watch = queue->client->watch;
	struct peek *peek = calloc(1, sizeof *peek);
	if (!peek)
		return NULL;
	peek->queue = queue;
	peek->sent_ms = clock_boot_ms();
	peek->next = watch->peeks;
	peek->prev = &watch->peeks;
	if (peek->next)
		peek->next->prev = &peek->next;
	watch->peeks = peek;
	return peek;
}

/* Sends it, or gives up: the futures are then looked at another time. */
static void
peek_send(struct peek *peek)
{
	const char *argv[WATCH_PEEK_MAX];
	struct conn_request request = {.script = &script_peek,
	    .key = peek->queue->base,
	    .argc = (int)peek->n,
	    .argv = argv,
	    .flags = CONN_RESEND,
	    .fn = on_peek,
	    .arg = peek};
	for (size_t i = 0; i < peek->n; i++) {
		struct reapq_future *future = peek->futures[i];
		argv[i] = future->id;
		future_ref(future);
	}
	if (conn_send(peek->queue->client->cmd, &request, NULL) == 0)
		return;
	for (size_t i = 0; i < peek->n; i++) {
		peek->futures[i]->looking = false;
		(void)future_unref(peek->futures[i]);
	}
	peek_free(peek);
}

/* Looks at up to max from the head of a list, moving them to its end; at each once. */
static void
look_at(struct queue *queue, struct future_list *list, size_t max, int64_t before_ms)
{
	struct peek *peek = NULL;
	int64_t now_ms = clock_boot_ms();
	struct reapq_future *future, *first = NULL;
	while (max-- > 0 && (future = TAILQ_FIRST(list)) && future != first &&
	       future->looked_ms <= before_ms) {
		if (!first)
			first = future;
		TAILQ_REMOVE(list, future, in_watch);
		TAILQ_INSERT_TAIL(list, future, in_watch);
		future->looked_ms = now_ms;
		if (future->looking)
			continue;
		if (!peek && !(peek = peek_new(queue)))
			return;
		future->looking = true;
		peek->futures[peek->n++] = future;
		if (peek->n == WATCH_PEEK_MAX) {
			peek_send(peek);
			peek = NULL;
		}
	}
	if (peek)
		peek_send(peek);
}

void
resync_step(struct queue *queue, bool all)
{
	int64_t now_ms = clock_boot_ms();
	size_t n = queue->watched_n;
	/* Due at half time, a third at a step: a burst of submits becomes no burst of
	 * looks, and all are done with time to spare for a second look. */
	size_t share = n / 3 > WATCH_PEEK_MAX ? n / 3 : WATCH_PEEK_MAX;
	look_at(queue, &queue->missing, n, now_ms);
	if (all)
		look_at(queue, &queue->watched, n, now_ms);
	else
		look_at(queue, &queue->watched, share,
		    now_ms - queue->client->watch->resync_ms / 2);
}

void
resync_free(struct watch *watch)
{
	struct peek *peek = watch->peeks;
	watch->peeks = NULL;
	while (peek) {
		struct peek *next = peek->next;
		free(peek);
		peek = next;
	}
}
