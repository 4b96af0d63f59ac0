/*
 * workers.c - the registry of workers, read for people.
 *
 * ws holds each worker with the end of its lease, wi:WID what it says of itself, which
 * is kept for an hour after its last heartbeat: the key's remaining time says when that
 * was. All times are by Redis's clock. A worker on several queues is listed once.
 */
#include <reapq/admin.h>
#include "call.h"
#include "client.h"
#include "error.h"
#include "id.h"
#include "keys.h"
#include "names_list.h"
#include "queue.h"
#include "reply.h"
#include "wire.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGISTRY_MS 3600000 /* heartbeat.lua */

/* A worker as it is being read; the box is last, so that info can be given away. */
struct entry {
	struct reapq_worker_info info;
	struct wire_box box;
	char *id;
	const char *queue;
	int64_t lease_end_ms, left_ms, fetch_age_ms;
};

struct roster {
	struct reapq_client *client;
	struct entry *entries;
	size_t n;
	int64_t now_ms;
};

struct queue_ask {
	struct call_ask ask;
	struct roster *roster;
	const char *queue;
};

static int
add_entry(struct roster *roster, const char *queue, const char *id, size_t len,
    int64_t lease_end_ms, struct reapq_error *err)
{
	struct entry *entries =
	    reallocarray(roster->entries, roster->n + 1, sizeof *entries);
	if (entries) {
		roster->entries = entries;
		entries[roster->n] = (struct entry){.id = strndup(id, len),
		    .queue = queue,
		    .lease_end_ms = lease_end_ms};
	}
	if (!entries || !entries[roster->n].id)
		return error_set(err, REAPQ_ENOMEM, "no memory for a list of workers");
	roster->n++;
	return 0;
}

/* ZRANGE WITHSCORES: id, score, ... */
static int
parse_ws(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct queue_ask *ask = arg;
	const char *id;
	size_t n, len;
	int rc = reply_array(reply, &n, err);
	for (size_t i = 0; rc == 0 && i + 1 < n; i += 2) {
		int64_t score;
		if ((rc = reply_str(reply_at(reply, i), &id, &len, err)) ||
		    (rc = reply_int(reply_at(reply, i + 1), &score, err)))
			break;
		if (id_valid_bytes(id, len))
			rc = add_entry(ask->roster, ask->queue, id, len, score, err);
	}
	return rc;
}

/* TIME: seconds, microseconds */
static int
parse_time(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	int64_t s, us, *now_ms = arg;
	int rc;
	if ((rc = reply_int(reply_at(reply, 0), &s, err)) ||
	    (rc = reply_int(reply_at(reply, 1), &us, err)))
		return rc;
	*now_ms = s * 1000 + us / 1000;
	return 0;
}

/* What Redis answers is there, and no registry of workers. */
static bool
is_unreadable(int code)
{
	return code == REAPQ_EREDIS || code == REAPQ_EPROTO;
}

/*
 * Some of the asks for queues failed, the first of them with why. If that is about single
 * queues it is only told, else it is the call's failure.
 */
static int
judge_registry(const struct queue_ask *asks, size_t n, size_t first,
    const struct reapq_error *why, struct reapq_error *err)
{
	size_t bad = 0;
	char more[48] = "";
	for (size_t i = 0; i < n; i++) {
		bad += asks[i].ask.code != 0;
		if (asks[i].ask.code && !is_unreadable(asks[i].ask.code)) {
			if (err)
				*err = *why;
			return asks[i].ask.code;
		}
	}
	if (bad > 1)
		(void)snprintf(more, sizeof more, " (and of %zu more queues)", bad - 1);
	(void)error_set(err, why->code, "cannot read the workers of queue %s%s: %s",
	    asks[first].queue, more, why->msg);
	return bad < n ? 0 : why->code;
}

static int
read_registry(
    struct roster *roster, const struct names_list *queues, struct reapq_error *err)
{
	struct reapq_error why = REAPQ_ERROR_INIT;
	struct queue_ask *asks = calloc(queues->n + 1, sizeof *asks);
	struct call_ask time_ask = {.parse = parse_time, .arg = &roster->now_ms};
	struct call call;
	int rc;
	if (!asks)
		return error_set(err, REAPQ_ENOMEM, "no memory for a list of workers");
	call_init(&call, roster->client);
	call_ask(&call, &time_ask, NULL, NULL, 1, (const char *const[]){"TIME"});
	for (size_t i = 0; i < queues->n; i++) {
		char key[KEYS_MAX];
		asks[i] =
		    (struct queue_ask){.ask = {.parse = parse_ws, .arg = &asks[i]},
			.roster = roster,
			.queue = queues->names[i]};
		call_ask(&call, &asks[i].ask, NULL, NULL, 5,
		    (const char *const[]){"ZRANGE",
			keys_suffix(key, queues->names[i], "ws"), "0", "-1",
			"WITHSCORES"});
	}
	rc = call_wait(&call, &why);
	/* The first ask was for the time. */
	if (rc && call.failed > 1)
		rc = judge_registry(asks, queues->n, call.failed - 2, &why, err);
	else if (rc && err)
		*err = why;
	free(asks);
	return rc;
}

static int
by_id(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	int order = strcmp(left->id, right->id);
	if (order == 0 && left->lease_end_ms != right->lease_end_ms)
		order = left->lease_end_ms > right->lease_end_ms ? -1 : 1;
	return order;
}

/* Sorts, and keeps of each worker the entry with the latest lease. */
static void
sort_unique(struct roster *roster)
{
	size_t kept = 0;
	if (roster->n > 1)
		qsort(roster->entries, roster->n, sizeof *roster->entries, by_id);
	for (size_t i = 0; i < roster->n; i++) {
		struct entry *entry = &roster->entries[i];
		if (kept && strcmp(roster->entries[kept - 1].id, entry->id) == 0)
			free(entry->id);
		else
			roster->entries[kept++] = *entry;
	}
	roster->n = kept;
}

static int
parse_registration(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct entry *entry = arg;
	struct reapq_worker_info *info = &entry->info;
	struct wire_worker w = {0};
	const char *data;
	size_t len;
	int rc;
	if (reply_is_nil(reply))
		return 0;
	rc = reply_str(reply, &data, &len, err);
	if (rc || wire_worker_decode(data, len, &entry->box, &w, NULL) != 0)
		return rc;
	info->host = w.host ? w.host : "";
	info->queues = w.queues ? w.queues : "";
	info->isolation = w.isolation ? w.isolation : "";
	info->hardening = w.hardening ? w.hardening : "";
	info->version = w.version ? w.version : "";
	info->handlers = w.handlers ? w.handlers : "";
	info->pid = w.pid;
	info->slots = w.slots;
	info->busy = w.busy;
	info->tasks_done = w.tasks_done;
	info->started_ms = w.started_ms;
	entry->fetch_age_ms = w.fetch_age_ms;
	return 0;
}

static int
parse_left(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	return reply_int(reply, arg, err);
}

static int
read_registrations(struct roster *roster, struct reapq_error *err)
{
	struct reapq_error why = REAPQ_ERROR_INIT;
	struct call_ask *asks = calloc(roster->n * 2 + 1, sizeof *asks);
	struct call call;
	int rc;
	if (!asks)
		return error_set(err, REAPQ_ENOMEM, "no memory for a list of workers");
	call_init(&call, roster->client);
	for (size_t i = 0; i < roster->n; i++) {
		struct entry *entry = &roster->entries[i];
		char key[KEYS_MAX];
		struct reapq_worker_info *info = &entry->info;
		keys_worker(key, entry->queue, entry->id);
		info->id = entry->id;
		entry->fetch_age_ms = -1;
		info->host = info->queues = info->isolation = info->version =
		    info->handlers = info->hardening = "";
		asks[2 * i] =
		    (struct call_ask){.parse = parse_registration, .arg = entry};
		asks[2 * i + 1] =
		    (struct call_ask){.parse = parse_left, .arg = &entry->left_ms};
		call_ask(&call, &asks[2 * i], NULL, NULL, 2,
		    (const char *const[]){"GET", key});
		call_ask(&call, &asks[2 * i + 1], NULL, NULL, 2,
		    (const char *const[]){"PTTL", key});
	}
	rc = call_wait(&call, &why);
	/* A registration that can't be read is shown by its id alone. */
	for (size_t i = 0; is_unreadable(rc) && i <= 2 * roster->n; i++)
		if (i == 2 * roster->n ||
		    (asks[i].code && !is_unreadable(asks[i].code)))
			rc = asks[i].code;
	if (rc && err)
		*err = why;
	free(asks);
	for (size_t i = 0; rc == 0 && i < roster->n; i++) {
		struct entry *entry = &roster->entries[i];
		entry->info.alive = entry->lease_end_ms > roster->now_ms;
		entry->info.heartbeat_ms =
		    entry->left_ms > 0 ? roster->now_ms - (REGISTRY_MS - entry->left_ms)
				       : 0;
		if (entry->info.heartbeat_ms > 0 && entry->fetch_age_ms >= 0)
			entry->info.fetched_ms =
			    entry->info.heartbeat_ms - entry->fetch_age_ms;
	}
	return rc;
}

/*
 * The caller gets one block: the infos, a zeroed one, then what their strings live in,
 * one struct keep for each.
 */
struct keep {
	char *id;
	struct wire_box box;
};

static size_t
keeps_offset(size_t n)
{
	return (n + 1) * sizeof(struct reapq_worker_info);
}

static int
give(struct roster *roster, struct reapq_worker_info **ret_list, size_t *ret_n,
    struct reapq_error *err)
{
	char *block =
	    calloc(1, keeps_offset(roster->n) + roster->n * sizeof(struct keep));
	if (!block)
		return error_set(err, REAPQ_ENOMEM, "no memory for a list of workers");
	for (size_t i = 0; i < roster->n; i++) {
		struct entry *entry = &roster->entries[i];
		struct keep keep = {entry->id, entry->box};
		memcpy(
		    block + i * sizeof entry->info, &entry->info, sizeof entry->info);
		memcpy(block + keeps_offset(roster->n) + i * sizeof keep, &keep,
		    sizeof keep);
	}
	*ret_n = roster->n;
	roster->n = 0;
	*ret_list = (void *)block;
	return 0;
}

static void
roster_free(struct roster *roster)
{
	for (size_t i = 0; i < roster->n; i++) {
		free(roster->entries[i].id);
		wire_box_free(&roster->entries[i].box);
	}
	free(roster->entries);
}

int
reapq_worker_list(struct reapq_client *client, const char *queue_name,
    struct reapq_worker_info **ret_list, size_t *ret_n, struct reapq_error *err)
{
	struct roster roster = {.client = client};
	struct names_list queues = {0};
	int rc = client_check(client, err);
	if (rc)
		return rc;
	if (queue_name && !id_valid(queue_name))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.80s\" is no queue name: 1 to %d letters, digits, '_', '.' or "
		    "'-'",
		    queue_name, REAPQ_ID_MAX);
	if (queue_name)
		rc = names_list_add(&queues, queue_name, strlen(queue_name), err);
	else
		rc = names_list_queues(&queues, client, err);
	if (rc == 0)
		rc = read_registry(&roster, &queues, err);
	if (rc == 0) {
		sort_unique(&roster);
		rc = read_registrations(&roster, err);
	}
	if (rc == 0)
		rc = give(&roster, ret_list, ret_n, err);
	roster_free(&roster);
	names_list_free(&queues);
	return rc;
}

void
reapq_worker_list_free(struct reapq_worker_info *list, size_t n)
{
	char *block = (char *)list;
	for (size_t i = 0; list && i < n; i++) {
		struct keep keep;
		memcpy(&keep, block + keeps_offset(n) + i * sizeof keep, sizeof keep);
		free(keep.id);
		wire_box_free(&keep.box);
	}
	free(block);
}
