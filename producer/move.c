/*
 * move.c - owns what a future keeps of the queues that it was in before.
 *
 * Invariants: a future is in one queue at a time, counted and watched there alone. At most
 * HOPS_MAX are followed, so two workers that send a task to and fro end in a report. Where
 * memory is short, the report of the last queue settles it: never is it left pending.
 */
#include "move.h"
#include "client.h"
#include "conn.h"
#include "id.h"
#include "loop.h"
#include "queue.h"
#include "reply.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#define HOPS_MAX 8

struct future_hop {
	struct future_hop *next;
	struct reapq_report *report;
	struct wire_box box;
};

/* A live task tells us itself; one without a record is the resync's to judge. */
static void
on_attached(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct reapq_future *future = arg;
	const char *state;
	size_t len;

	if (!future_unref(future) || future->done || err)
		return;
	if (reply_str(reply, &state, &len, NULL) == 0 && len == 1 && state[0] == 'F')
		watch_fetch(future);
}

static void
change_queue(struct reapq_future *future, struct queue *to, const char *name)
{
	struct queue *from = future->queue;
	bool watched = future->watched;

	if (watched) {
		TAILQ_REMOVE(future->missing ? &from->missing : &from->watched, future,
		    in_watch);
		from->watched_n--;
		future->watched = future->missing = false;
	}
	from->open_n--;
	to->open_n++;
	future->queue = to;
	future->queue_name = name;
	future_watch(future);
}

static void
attach(struct reapq_future *future)
{
	struct reapq_client *client = future->client;
	const char *const argv[] = {future->id, client->pid};
	struct conn_request request = {.script = &script_attach,
	    .key = future->queue->base,
	    .argc = 2,
	    .argv = argv,
	    .flags = CONN_RESEND,
	    .fn = on_attached,
	    .arg = future};

	queue_announce(future->queue, client->cmd);
	/* If it cannot be sent, the resync finds the end. */
	if (conn_send(client->cmd, &request, NULL) == 0)
		future_ref(future);
}

bool
move_follow(struct reapq_future *future, struct reapq_report *report)
{
	struct reapq_client *client = future->client;
	struct queue *to;
	struct future_hop *hop;
	int n = 0;

	if (!report->moved_to || !id_valid(report->moved_to) ||
	    strcmp(report->moved_to, future->queue->name) == 0)
		return false;
	for (hop = future->hops; hop; hop = hop->next)
		n++;
	if (n >= HOPS_MAX || queue_get(&to, client, report->moved_to, NULL) != 0)
		return false;
	hop = calloc(1, sizeof *hop);
	if (!hop)
		return false;
	hop->report = report;
	hop->box = future->box;
	future->box = (struct wire_box){0};
	hop->next = future->hops;
	future->hops = hop;
	change_queue(future, to, report->moved_to);
	(void)watch_start(to, NULL);
	attach(future);
	loop_stir(client);
	return true;
}

void
move_join_attempts(struct reapq_future *future)
{
	struct reapq_report *report = future->report;
	size_t n = report->attempts_count;
	size_t at;

	if (!future->hops)
		return;
	for (const struct future_hop *h = future->hops; h; h = h->next)
		n += h->report->attempts_count;
	future->attempts = calloc(n ? n : 1, sizeof *future->attempts);
	if (!future->attempts)
		return;
	at = n - report->attempts_count;
	if (report->attempts_count > 0)
		memcpy(future->attempts + at, report->attempts,
		    report->attempts_count * sizeof *future->attempts);
	for (const struct future_hop *h = future->hops; h; h = h->next) {
		at -= h->report->attempts_count;
		if (h->report->attempts_count > 0)
			memcpy(future->attempts + at, h->report->attempts,
			    h->report->attempts_count * sizeof *future->attempts);
	}
	report->attempts = future->attempts;
	report->attempts_count = n;
}

void
move_free(struct reapq_future *future)
{
	struct future_hop *hop;

	while ((hop = future->hops)) {
		future->hops = hop->next;
		wire_box_free(&hop->box);
		free(hop->report);
		free(hop);
	}
	free(future->attempts);
	future->attempts = NULL;
}
