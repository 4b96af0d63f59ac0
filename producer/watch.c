/*
 * watch.c - the client's one timer: looks, the alive keys, and the tick that keeps leases
 * and deadlines going when no worker is left to do it.
 *
 * Armed only while futures are pending, so that an idle client costs nothing.
 */
#include "watch.h"
#include "client.h"
#include "clock.h"
#include "error.h"
#include "loop.h"
#include "queue.h"
#include "reply.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#define RESYNC_MS 8000
#define RESYNC_MIN_MS 80
#define STEPS 8 /* timer periods in a resync */
#define TICK_EVERY_MS 1000
#define TICK_LIMIT 100
#define TICK_TIMEOUT_MS 5000

static void
arm(struct reapq_client *client, int64_t ms)
{
	struct watch *watch = client->watch;
	struct timeval in = {ms / 1000, ms % 1000 * 1000};
	watch->due_ms = clock_mono_ms() + ms;
	(void)evtimer_add(watch->timer, &in);
}

static void tick(struct queue *queue, const char *lock_ms);

/* As much as a tick does at once: there may be more, and it is not to wait for the next.
 * Each takes what it counts away, so this ends. */
static void
on_ticked(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct queue *queue = arg;
	bool full = false;
	for (size_t i = 0; !err && i < 3; i++) {
		int64_t n = 0;
		full =
		    (reply_int(reply_at(reply, i), &n, NULL) == 0 && n >= TICK_LIMIT) ||
		    full;
	}
	queue->ticking = false;
	if (full)
		tick(queue, "0");
}

static void
tick(struct queue *queue, const char *lock_ms)
{
	char limit[16];
	/* limit, lock ms, gap ms, grace ms: see common/lua/tick.lua */
	const char *const argv[] = {limit, lock_ms, "10000", "5000"};
	struct conn_request request = {.script = &script_tick,
	    .key = queue->base,
	    .argc = 4,
	    .argv = argv,
	    .timeout_ms = TICK_TIMEOUT_MS,
	    .fn = on_ticked,
	    .arg = queue};
	(void)snprintf(limit, sizeof limit, "%d", TICK_LIMIT);
	queue->ticked_ms = clock_boot_ms();
	queue->ticking = conn_send(queue->client->cmd, &request, NULL) == 0;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct reapq_client *client = arg;
	struct watch *watch = client->watch;
	bool all = watch->resync_all;
	(void)fd;
	(void)what;
	watch->due_ms = -1;
	if (client->open == 0)
		return;
	/* Requests to a Redis that is away would pile up; when it is back, all futures
	 * are looked at. */
	if (conn_up(client->cmd)) {
		watch->resync_all = false;
		for (struct queue *q = client->queues; q; q = q->next) {
			if (q->open_n == 0)
				continue;
			queue_announce(q, client->cmd);
			if (!q->ticking &&
			    clock_boot_ms() - q->ticked_ms >= TICK_EVERY_MS)
				tick(q, "300");
			resync_step(q, all);
		}
		hint_fetch_more(client);
		hint_listen(client);
	}
	arm(client, watch->resync_ms / STEPS);
}

int
watch_new(
    struct watch **ret_watch, struct reapq_client *client, struct reapq_error *err)
{
	/* Not for users: it lets the tests see in a second what takes ten. */
	const char *knob = getenv("REAPQ_RESYNC_MS");
	struct watch *watch = calloc(1, sizeof *watch);
	long ms = knob ? strtol(knob, NULL, 10) : RESYNC_MS;
	if (watch)
		watch->timer = evtimer_new(client->base, on_timer, client);
	if (!watch || !watch->timer) {
		free(watch);
		return error_set(err, REAPQ_ENOMEM, "no memory for a timer");
	}
	TAILQ_INIT(&watch->to_fetch);
	watch->due_ms = -1;
	watch->resync_ms = ms >= RESYNC_MIN_MS && ms <= RESYNC_MS ? ms : RESYNC_MS;
	*ret_watch = watch;
	return 0;
}

void
watch_free(struct watch *watch)
{
	if (!watch)
		return;
	resync_free(watch);
	event_free(watch->timer);
	free(watch);
}

int
watch_start(struct queue *queue, struct reapq_error *err)
{
	struct reapq_client *client = queue->client;
	int rc = client_need_blk(client, err);
	if (rc)
		return rc;
	if (queue->open_n == 1)
		queue->ticked_ms = clock_boot_ms();
	if (client->watch->due_ms < 0)
		arm(client, client->watch->resync_ms / STEPS);
	hint_listen(client);
	return 0;
}

void
watch_resync(struct reapq_client *client)
{
	client->watch->resync_all = true;
	if (client->open > 0)
		arm(client, 0);
}
