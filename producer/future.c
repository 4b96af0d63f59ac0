/*
 * future.c - futures: made, settled once, asked, freed.
 *
 * Settling is the only way from pending to done, and settled() the only place that does
 * it. Nothing here does I/O but cancel. A future never outlives what it points to: id,
 * queue, handler and tag are in its own memory.
 */
#include "future.h"
#include "call.h"
#include "client.h"
#include "clock.h"
#include "error.h"
#include "loop.h"
#include "move.h"
#include "order.h"
#include "queue.h"
#include "reply.h"
#include "set.h"
#include "watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 512

/* A report made here, with the memory that it points to. */
struct own_report {
	struct reapq_report report; /* first: freed as one */
	struct reapq_evidence evidence;
	char message[MESSAGE_MAX];
};

static const char *
put_text(char **at, const char *text)
{
	char *start = *at;
	size_t size;
	if (!text)
		return NULL;
	size = strlen(text) + 1;
	memcpy(start, text, size);
	*at += size;
	return start;
}

int
future_open(struct reapq_future **ret_future, struct queue *queue, const char *id,
    const struct reapq_task *task, struct reapq_error *err)
{
	struct reapq_client *client = queue->client;
	const char *handler = task && task->handler ? task->handler : "";
	const char *tag = task ? task->tag : NULL;
	size_t text_size = strlen(id) + strlen(queue->name) + strlen(handler) +
			   (tag ? strlen(tag) : 0) + 4;
	struct reapq_future *future = calloc(1, sizeof *future + text_size);
	char *at;
	if (!future)
		return error_set(err, REAPQ_ENOMEM, "no memory for a future");
	at = future->text;
	future->id = put_text(&at, id);
	future->queue_name = put_text(&at, queue->name);
	future->handler = put_text(&at, handler);
	future->tag = put_text(&at, tag);
	if (lookup_add(&client->lookup, future, err) != 0) {
		free(future);
		return REAPQ_ENOMEM;
	}
	future->client = client;
	future->queue = queue;
	future->user = task ? task->user : NULL;
	future->max_attempts = task && task->max_attempts > 0 ? task->max_attempts : 1;
	future->submitted_ms = task ? clock_wall_ms() : 0;
	TAILQ_INSERT_TAIL(&client->all, future, in_all);
	queue->open_n++;
	client->open++;
	*ret_future = future;
	return 0;
}

void
future_watch(struct reapq_future *future)
{
	if (future->done || future->watched || future->freed)
		return;
	future->live_ms = future->looked_ms = clock_boot_ms();
	future->watched = true;
	TAILQ_INSERT_TAIL(&future->queue->watched, future, in_watch);
	future->queue->watched_n++;
}

void
future_forget_order(struct reapq_future *future)
{
	order_free(future->order);
	future->order = NULL;
}

/* Off the lists of those that are not done. */
static void
not_pending(struct reapq_future *future)
{
	struct queue *queue = future->queue;
	lookup_remove(&future->client->lookup, future);
	if (future->watched) {
		TAILQ_REMOVE(future->missing ? &queue->missing : &queue->watched,
		    future, in_watch);
		queue->watched_n--;
		future->watched = future->missing = false;
	}
	if (future->waits_to_fetch) {
		TAILQ_REMOVE(&future->client->watch->to_fetch, future, in_fetch);
		future->waits_to_fetch = future->fetching = false;
	}
	queue->open_n--;
	future->client->open--;
	future_forget_order(future);
}

static void
settled(struct reapq_future *future)
{
	struct reapq_client *client = future->client;
	struct reapq_report *report = future->report;
	not_pending(future);
	future->done = true;
	client->news = true;
	report->id = future->id;
	report->queue = future->queue_name;
	set_settled(future);
	if (client->count && future->wait_number == client->wait_number) {
		client->count->done += future->wait_weight;
		if (report->outcome != REAPQ_RETURNED)
			client->count->bad += future->wait_weight;
	}
	if (future->fn) {
		TAILQ_INSERT_TAIL(&client->ready, future, in_ready);
		future->is_ready = true;
	}
	loop_stir(client);
}

void
future_settle(struct reapq_future *future, const void *data, size_t len)
{
	struct reapq_error error = REAPQ_ERROR_INIT;
	struct reapq_report *report;
	int64_t max;
	if (future->done || future->freed)
		return;
	max = future->client->result_max;
	if (len > (uint64_t)max) {
		future_settle_lost(future,
		    "it ended, but the record of its end has %zu bytes and this client "
		    "takes %lld: raise result_max",
		    len, (long long)max);
		return;
	}
	report = calloc(1, sizeof *report);
	if (!report)
		return;
	if (wire_report_decode(data, len, &future->box, report, &error) == 0) {
		if (move_follow(future, report))
			return;
		future->report = report;
		move_join_attempts(future);
		settled(future);
		return;
	}
	free(report);
	wire_box_free(&future->box);
	if (error.code != REAPQ_ENOMEM)
		future_settle_lost(
		    future, "the record of its end could not be read: %s", error.msg);
}

void
future_settle_lost(struct reapq_future *future, const char *fmt, ...)
{
	struct own_report *own;
	struct reapq_report *report;
	va_list ap;
	if (future->done || future->freed)
		return;
	own = calloc(1, sizeof *own);
	if (!own)
		return;
	report = &own->report;
	va_start(ap, fmt);
	(void)vsnprintf(own->message, sizeof own->message, fmt, ap);
	va_end(ap);
	own->evidence =
	    (struct reapq_evidence){.source = "producer", .what = own->message};
	*report = (struct reapq_report){
	    .size = sizeof *report,
	    .handler = future->handler,
	    .tag = future->tag,
	    .outcome = REAPQ_LOST,
	    .verdict = REAPQ_V_VANISHED,
	    .certainty = REAPQ_PROVED,
	    .outcome_name = reapq_outcome_name(REAPQ_LOST),
	    .verdict_name = reapq_verdict_name(REAPQ_V_VANISHED),
	    .certainty_name = reapq_certainty_name(REAPQ_PROVED),
	    .message = own->message,
	    .evidence = &own->evidence,
	    .evidence_count = 1,
	    .exit_status = -1,
	    .signal = {.name = "", .sender_pid = -1},
	    .limits = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1},
	    .usage = {.wall_ms = -1,
		.user_ms = -1,
		.system_ms = -1,
		.peak_memory = -1,
		.minor_faults = -1,
		.major_faults = -1,
		.block_in = -1,
		.block_out = -1,
		.voluntary_switches = -1,
		.involuntary_switches = -1},
	    .max_attempts = future->max_attempts,
	    .worker = "",
	    .host = "",
	    .isolation = "",
	    .hardening = "",
	    .submitted_ms = future->submitted_ms,
	    .ended_ms = clock_wall_ms(),
	};
	future->report = report;
	settled(future);
}

void
future_ref(struct reapq_future *future)
{
	future->refs++;
}

static void
release(struct reapq_future *future)
{
	if (future->client)
		TAILQ_REMOVE(&future->client->all, future, in_all);
	order_free(future->order);
	wire_box_free(&future->box);
	free(future->report);
	move_free(future);
	free(future);
}

bool
future_unref(struct reapq_future *future)
{
	future->refs--;
	if (!future->freed)
		return true;
	if (future->refs == 0)
		release(future);
	return false;
}

void
future_detach(struct reapq_future *future)
{
	struct reapq_client *client = future->client;
	future->refs = 0;
	if (future->freed) {
		release(future);
		return;
	}
	if (!future->done)
		not_pending(future);
	if (future->is_ready) {
		TAILQ_REMOVE(&client->ready, future, in_ready);
		future->is_ready = false;
	}
	TAILQ_REMOVE(&client->all, future, in_all);
	future->client = NULL;
	future->queue = NULL;
}

void
reapq_future_free(struct reapq_future *future)
{
	struct reapq_client *client;
	if (!future)
		return;
	client = future->client;
	if (future->fate)
		*future->fate =
		    (struct future_fate){.freed = true, .done = future->done};
	set_drop(future);
	if (client) {
		if (future->is_ready)
			TAILQ_REMOVE(&client->ready, future, in_ready);
		if (!future->done) {
			not_pending(future);
			if (client->count && future->wait_number == client->wait_number)
				client->count->total -= future->wait_weight;
		}
	}
	if (future->refs > 0)
		future->freed = true;
	else
		release(future);
}

/* ---- what it knows ------------------------------------------------------------ */

const char *
reapq_future_id(const struct reapq_future *future)
{
	return future->id;
}

const char *
reapq_future_queue(const struct reapq_future *future)
{
	return future->queue_name;
}

void *
reapq_future_user(const struct reapq_future *future)
{
	return future->user;
}

int
reapq_future_joined(const struct reapq_future *future)
{
	return future->joined;
}

int
reapq_future_done(const struct reapq_future *future)
{
	return future->done;
}

const struct reapq_report *
reapq_future_report(const struct reapq_future *future)
{
	return future->report;
}

int
reapq_future_result(const struct reapq_future *future, const void **ret_data,
    size_t *ret_len, struct reapq_error *err)
{
	if (!future->done)
		return error_set(
		    err, REAPQ_ENOTDONE, "task %s has not ended", future->id);
	if (!future->report->result)
		return error_set(err, REAPQ_ENORESULT, "task %s has no result: %s",
		    future->id, future->report->message);
	*ret_data = future->report->result;
	*ret_len = future->report->result_len;
	return 0;
}

void *
reapq_future_take(struct reapq_future *future, size_t *ret_len)
{
	size_t len;
	void *copy;
	if (!future->done || !future->report->result)
		return NULL;
	len = future->report->result_len;
	copy = malloc(len ? len : 1);
	if (!copy)
		return NULL;
	memcpy(copy, future->report->result, len);
	future->report->result = NULL;
	future->report->result_len = 0;
	if (ret_len)
		*ret_len = len;
	return copy;
}

int
reapq_future_on_done(
    struct reapq_future *future, reapq_done_fn *fn, void *arg, struct reapq_error *err)
{
	struct reapq_client *client = future->client;
	if (!fn)
		return error_set(err, REAPQ_EINVAL, "the callback is NULL");
	if (future->fn)
		return error_set(err, REAPQ_EINVAL,
		    "the future of task %s has a callback already", future->id);
	if (!future->done && !client)
		return error_set(err, REAPQ_EINVAL,
		    "the client of task %s was freed: it will not be done", future->id);
	future->fn = fn;
	future->fn_arg = arg;
	if (!future->done)
		return 0;
	if (!client) {
		fn(future, arg);
		return 0;
	}
	loop_call_back(client, future, fn, arg);
	(void)client_free_if_asked(client);
	return 0;
}

/* ---- cancel ------------------------------------------------------------------- */

static int
parse_cancel(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	int64_t *answer = arg;
	return reply_int(reply, answer, err);
}

static int
ask_cancel(
    struct reapq_future *future, int kill, int64_t *ret_answer, struct reapq_error *err)
{
	const char *argv[] = {future->id, "its producer asked", kill ? "1" : "0"};
	struct call call;
	struct call_ask ask = {.parse = parse_cancel, .arg = ret_answer};
	call_init(&call, future->client);
	call_ask(&call, &ask, &script_cancel, future->queue->base, 3, argv);
	return call_wait(&call, err);
}

/* It has ended in that queue: does its report say that it went on in another? */
static bool
has_gone_on(struct reapq_future *future, const struct queue *was)
{
	struct reapq_client *client = future->client;
	int64_t at_ms = clock_mono_ms() + client->call_timeout_ms;
	if (future->queue == was)
		watch_fetch(future);
	while (!future->done && future->queue == was && clock_mono_ms() < at_ms)
		loop_run(client, at_ms);
	return !future->done && future->queue != was;
}

int
reapq_future_cancel(struct reapq_future *future, int kill, struct reapq_error *err)
{
	const struct queue *asked;
	int64_t answer = 0;
	int rc;
	if (future->done)
		return error_set(
		    err, REAPQ_ETOOLATE, "task %s has ended already", future->id);
	rc = client_check(future->client, err);
	if (rc)
		return rc;
	do {
		asked = future->queue;
		rc = ask_cancel(future, kill, &answer, err);
		if (rc)
			return rc;
	} while (answer == 2 && !future->done && has_gone_on(future, asked));
	if (answer == 1 || answer == 5) {
		/* Should Redis lose it now, nobody wants it again. */
		future_forget_order(future);
	}
	if (answer == 1)
		watch_fetch(future);
	loop_mirror(future->client);
	switch (answer) {
	case 1:
	case 5:
		return 0;
	case 2:
		return error_set(
		    err, REAPQ_ETOOLATE, "task %s has ended already", future->id);
	case 4:
		return error_set(err, REAPQ_ETOOLATE,
		    "task %s is running: only kill stops it now", future->id);
	default:
		return error_set(err, REAPQ_ENOENT,
		    "there is no task %s in queue %s, nor a result of it", future->id,
		    future->queue_name);
	}
}
