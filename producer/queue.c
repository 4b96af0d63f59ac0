/*
 * queue.c - the queues that a client has used, and the alive key in each.
 *
 * Redis tells a producer of an end only while a:PID is there, so that the lists of dead
 * ones don't grow. The queue's name is put into reapq:queues with it each time, as a
 * flushed Redis has forgotten that too.
 */
#include "queue.h"
#include "client.h"
#include "clock.h"
#include "error.h"
#include "id.h"
#include "reply.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#define ALIVE_EVERY_MS 10000
#define ALIVE_FOR_MS "30000"

int
queue_get(struct queue **ret_queue, struct reapq_client *client, const char *name,
    struct reapq_error *err)
{
	struct queue *queue;
	if (!name)
		name = REAPQ_QUEUE_DEFAULT;
	for (queue = client->queues; queue; queue = queue->next)
		if (strcmp(queue->name, name) == 0) {
			*ret_queue = queue;
			return 0;
		}
	if (!id_valid(name))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.80s\" is no queue name: 1 to %d letters, digits, '_', '.' or "
		    "'-'",
		    name, REAPQ_ID_MAX);
	queue = calloc(1, sizeof *queue);
	if (!queue)
		return error_set(err, REAPQ_ENOMEM, "no memory for a queue");
	queue->client = client;
	TAILQ_INIT(&queue->watched);
	TAILQ_INIT(&queue->missing);
	memcpy(queue->name, name, strlen(name) + 1);
	keys_base(queue->base, name);
	keys_notify(queue->notify, name, client->pid);
	keys_alive(queue->alive, name, client->pid);
	queue->next = client->queues;
	client->queues = queue;
	*ret_queue = queue;
	return 0;
}

struct queue *
queue_by_notify(struct reapq_client *client, const char *key, size_t len)
{
	struct queue *queue = client->queues;
	while (queue &&
	       !(strlen(queue->notify) == len && memcmp(queue->notify, key, len) == 0))
		queue = queue->next;
	return queue;
}

static void
on_alive(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct queue *queue = arg;
	if (err) {
		queue->alive_ms = 0;
		return;
	}
	/* It had run out: what ended meanwhile left no hint. */
	if (reply_is_nil(reply) && queue->alive_seen)
		watch_resync(queue->client);
	queue->alive_seen = true;
}

void
queue_announce(struct queue *queue, struct conn *conn)
{
	struct reapq_client *client = queue->client;
	const char *const alive[] = {
	    "SET", queue->alive, "1", "PX", ALIVE_FOR_MS, "GET"};
	const char *const name[] = {"SADD", KEYS_QUEUES, queue->name};
	struct conn_request request = {.argc = 6,
	    .argv = alive,
	    .timeout_ms = client->call_timeout_ms,
	    .flags = CONN_RESEND,
	    .arg = queue};
	int64_t now_ms = clock_boot_ms();
	bool on_cmd = conn == client->cmd;
	if (on_cmd && queue->alive_ms && now_ms - queue->alive_ms < ALIVE_EVERY_MS)
		return;
	/* Only cmd's answers count: bulk's may come late. */
	request.fn = on_cmd ? on_alive : NULL;
	if (conn_send(conn, &request, NULL) != 0)
		return;
	if (!on_cmd)
		return;
	queue->alive_ms = now_ms;
	request = (struct conn_request){.argc = 3,
	    .argv = name,
	    .timeout_ms = client->call_timeout_ms,
	    .flags = CONN_RESEND};
	(void)conn_send(conn, &request, NULL);
}

void
queue_free_all(struct reapq_client *client)
{
	while (client->queues) {
		struct queue *next = client->queues->next;
		free(client->queues);
		client->queues = next;
	}
}
