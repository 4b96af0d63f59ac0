/*
 * hint.c - the blocking wait on the client's reply lists, and reading results.
 *
 * A hint is an id on n:PID. Losing one costs time, never a future: it is popped, and what
 * was popped when the connection died is found by the next look at the records. The
 * result itself is only ever read, so any number of producers can wait for one task. So
 * many are read at once that the caller's own requests find room on the connection.
 */
#include "client.h"
#include "error.h"
#include "keys.h"
#include "loop.h"
#include "queue.h"
#include "reply.h"
#include "watch.h"

#include <string.h>

#define BLOCK_S "2"
#define POP_MAX "512"
#define QUEUES_MAX 1000 /* in one wait; the rest are looked at by resync alone */
#define NUDGE_FOR_MS "60000"

static void
take_result(struct reapq_future *future, const struct redisReply *reply,
    const struct reapq_error *err)
{
	struct reapq_error error = REAPQ_ERROR_INIT;
	const char *data;
	size_t len;
	if (err) {
		if (err->code == REAPQ_EREDIS)
			future_settle_lost(future,
			    "the record of its end could not be read: %s", err->msg);
		return;
	}
	if (reply_is_nil(reply))
		return;
	if (reply_str(reply, &data, &len, &error) == 0)
		future_settle(future, data, len);
	else
		future_settle_lost(
		    future, "the record of its end could not be read: %s", error.msg);
}

static void
on_result(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct reapq_future *future = arg;
	struct reapq_client *client = future->client;
	future->fetching = false;
	client->watch->fetches--;
	if (future_unref(future))
		take_result(future, reply, err);
	hint_fetch_more(client);
}

void
hint_fetch_more(struct reapq_client *client)
{
	struct watch *watch = client->watch;
	struct reapq_future *future;
	char key[KEYS_MAX];
	const char *argv[] = {"LINDEX", NULL, "0"};
	struct conn_request request = {
	    .argc = 3, .argv = argv, .flags = CONN_RESEND, .fn = on_result};
	while (watch->fetches < WATCH_FETCH_MAX &&
	       (future = TAILQ_FIRST(&watch->to_fetch))) {
		argv[1] = keys_result(key, future->queue_name, future->id);
		request.arg = future;
		if (conn_send(client->cmd, &request, NULL) != 0)
			return;
		TAILQ_REMOVE(&watch->to_fetch, future, in_fetch);
		future->waits_to_fetch = false;
		future_ref(future);
		watch->fetches++;
	}
}

void
watch_fetch(struct reapq_future *future)
{
	if (future->done || future->fetching)
		return;
	future_forget_order(future);
	future->fetching = future->waits_to_fetch = true;
	TAILQ_INSERT_TAIL(&future->client->watch->to_fetch, future, in_fetch);
	hint_fetch_more(future->client);
}

static void
take_hint(struct queue *queue, const struct redisReply *reply)
{
	struct lookup *lookup = &queue->client->lookup;
	struct reapq_future *future = NULL;
	const char *id;
	size_t len;
	if (reply_str(reply, &id, &len, NULL) != 0)
		return;
	while ((future = lookup_next(lookup, queue, id, len, future)))
		watch_fetch(future);
}

static void
on_more(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	size_t n;
	if (err || reply_is_nil(reply) || reply_array(reply, &n, NULL) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		take_hint(arg, reply_at(reply, i));
}

static void
on_hint(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct reapq_client *client = arg;
	struct queue *queue;
	const char *key;
	size_t len;
	client->watch->listening = false;
	client->watch->nudged = false;
	for (queue = client->queues; queue; queue = queue->next)
		queue->heard = false;
	/* What Redis refuses once it would refuse again at once: the next tick asks. */
	if (err && err->code != REAPQ_ECONN)
		return;
	if (!err && !reply_is_nil(reply) &&
	    reply_str(reply_at(reply, 0), &key, &len, NULL) == 0 &&
	    (queue = queue_by_notify(client, key, len))) {
		const char *const argv[] = {"LPOP", queue->notify, POP_MAX};
		struct conn_request request = {
		    .argc = 3, .argv = argv, .fn = on_more, .arg = queue};
		take_hint(queue, reply_at(reply, 1));
		(void)conn_send(client->blk, &request, NULL);
	}
	hint_listen(client);
}

/* A wait is under way that doesn't cover this queue: an empty hint ends it. */
static void
nudge(struct reapq_client *client)
{
	const struct queue *queue = client->queues;
	while (queue && !queue->heard)
		queue = queue->next;
	if (queue && !client->watch->nudged) {
		const char *const push[] = {"RPUSH", queue->notify, ""};
		const char *const expire[] = {"PEXPIRE", queue->notify, NUDGE_FOR_MS};
		struct conn_request request = {.argc = 3, .argv = push};
		client->watch->nudged = conn_send(client->cmd, &request, NULL) == 0;
		request.argv = expire;
		(void)conn_send(client->cmd, &request, NULL);
	}
}

void
hint_listen(struct reapq_client *client)
{
	const char *argv[QUEUES_MAX + 2];
	struct conn_request request = {.argv = argv, .fn = on_hint, .arg = client};
	bool unheard = false;
	int argc = 0;
	for (const struct queue *q = client->queues; q; q = q->next)
		unheard = unheard || (q->open_n > 0 && !q->heard);
	if (!client->blk || !unheard)
		return;
	if (client->watch->listening) {
		nudge(client);
		return;
	}
	argv[argc++] = "BLPOP";
	for (struct queue *q = client->queues; q && argc <= QUEUES_MAX; q = q->next) {
		q->heard = q->open_n > 0;
		if (q->heard)
			argv[argc++] = q->notify;
	}
	argv[argc++] = BLOCK_S;
	request.argc = argc;
	client->watch->listening = conn_send(client->blk, &request, NULL) == 0;
}
