/*
 * submit.c - hands tasks to Redis and opens futures on them.
 *
 * A future is opened before its submit goes out, as its hint may be back before the
 * submit's own answer. Many are sent in slices, so that neither the connection's queue
 * nor memory grows with n. What fails leaves no future behind.
 */
#include "call.h"
#include "client.h"
#include "durable.h"
#include "error.h"
#include "id.h"
#include "loop.h"
#include "order.h"
#include "queue.h"
#include "reply.h"
#include "watch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_TASKS ((size_t)10000)
#define SLICE_BYTES ((size_t)64 << 20)

/* One task on its way. */
struct sending {
	struct call_ask ask;
	struct reapq_future *future; /* NULL: nobody waits for it */
	struct queue *queue;
	const struct reapq_task *task;
	bool id_made;
	bool ended; /* it was there already, and has ended */
	char id[REAPQ_ID_MAX + 1];
	char other[REAPQ_ID_MAX + 1]; /* the task that it joined by unique key */
};

static int
refuse_full(
    const struct sending *s, const struct redisReply *reply, struct reapq_error *err)
{
	int64_t n, max;
	if (reply_int(reply_at(reply, 2), &n, NULL) != 0 ||
	    reply_int(reply_at(reply, 3), &max, NULL) != 0)
		return error_set(err, REAPQ_EFULL, "queue %s is full", s->queue->name);
	return error_set(err, REAPQ_EFULL,
	    "queue %s is full: %" PRId64 " tasks wait, its maximum length is %" PRId64,
	    s->queue->name, n, max);
}

/* {1,''} {0,state} {-1,'FULL',length,limit} {-3,id} {-4,'DRAINING'} */
static int
parse_submit(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct sending *s = arg;
	const char *text;
	size_t len;
	int64_t code;
	int rc;
	if ((rc = reply_int(reply_at(reply, 0), &code, err)) ||
	    (rc = reply_str(reply_at(reply, 1), &text, &len, err)))
		return rc;
	switch (code) {
	case 1:
		return 0;
	case 0:
		s->ended = len == 1 && text[0] == 'F';
		/* An id that was made here can only be our own, sent twice. */
		if (s->future)
			s->future->joined = !s->id_made;
		return 0;
	case -1:
		return refuse_full(s, reply, err);
	case -4:
		return error_set(err, REAPQ_EDRAINING,
		    "queue %s is draining: it takes no new tasks until it is resumed",
		    s->queue->name);
	case -3:
		if (!id_valid_bytes(text, len))
			break;
		memcpy(s->other, text, len);
		s->other[len] = '\0';
		return 0;
	default:
		break;
	}
	return error_set(err, REAPQ_EPROTO,
	    "submit.lua answered %lld, which this version doesn't know",
	    (long long)code);
}

static int
prepare(struct reapq_client *client, const struct reapq_task *task, bool wanted,
    struct sending *s, struct order **ret_order, struct reapq_error *err)
{
	int rc = queue_get(&s->queue, client, task->queue, err);
	if (rc)
		return rc;
	s->id_made = !task->id;
	if (task->id && !id_valid(task->id))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.80s\" is no task id: 1 to %d letters, digits, '_', '.' or '-'",
		    task->id, REAPQ_ID_MAX);
	if (task->id)
		memcpy(s->id, task->id, strlen(task->id) + 1);
	else
		id_make(s->id);
	rc = order_new(ret_order, task, s->id, client->payload_max, err);
	if (rc || !wanted)
		return rc;
	rc = future_open(&s->future, s->queue, s->id, task, err);
	if (rc == 0)
		rc = watch_start(s->queue, err);
	return rc;
}

/* Sends one task. What fails here is answered as if Redis had. */
static size_t
send_one(
    struct call *call, const struct reapq_task *task, bool wanted, struct sending *s)
{
	struct reapq_client *client = call->client;
	struct reapq_error error = REAPQ_ERROR_INIT;
	struct order *order = NULL;
	size_t len = 0;
	int rc;
	s->task = task;
	s->ask.arg = s;
	s->ask.parse = parse_submit;
	call_begin(call, &s->ask);
	rc = prepare(client, task, wanted, s, &order, &error);
	if (rc == 0 && order) {
		len = order->message_len;
		rc = order_send(order, s->queue, s->id, s->future ? ORDER_NOTIFY : 0,
		    call_answer, &s->ask, &error);
	}
	if (rc == 0 && s->future && order && !client->forget_payloads &&
	    order->max_lost > 0) {
		s->future->order = order;
		order = NULL;
	}
	order_free(order);
	if (rc)
		call_answer(NULL, &error, &s->ask);
	return len;
}

/* The unique key is another's: the future is on that task. */
static int
join_other(struct sending *s, struct reapq_error *err)
{
	struct reapq_future *future;
	struct reapq_task named = *s->task;
	int rc;
	named.handler = NULL;
	named.tag = NULL;
	rc = future_open(&future, s->queue, s->other, &named, err);
	if (rc)
		return rc;
	reapq_future_free(s->future);
	s->future = future;
	future->joined = true;
	future_watch(future);
	/* Its hint may have come before the future was there. */
	watch_fetch(future);
	return 0;
}

/* After the answer: the future for the caller, or none. */
static int
conclude(struct sending *s, struct reapq_future **ret_future, struct reapq_error *err)
{
	int rc = s->ask.code;
	if (!s->future)
		return rc;
	if (rc == 0 && s->other[0])
		rc = join_other(s, err);
	if (rc) {
		reapq_future_free(s->future);
		return rc;
	}
	/* The task has the terms of whoever submitted it first; if that was our own copy,
	 * sent twice, it is only no longer submitted again. */
	if (s->future->joined)
		future_forget_order(s->future);
	future_watch(s->future);
	if (s->ended)
		watch_fetch(s->future);
	*ret_future = s->future;
	return 0;
}

static int
task_copy(struct reapq_task *task, const void *given, struct reapq_error *err)
{
	size_t size;
	memcpy(&size, given, sizeof size);
	return client_copy_sized(task, sizeof *task, given, size, "the task", err);
}

/* One slice: at most max tasks; *ret_used were dealt with. */
static int
submit_slice(struct reapq_client *client, const char *tasks, size_t stride, size_t max,
    struct sending *sendings, struct reapq_task *copies,
    struct reapq_future **ret_futures, size_t *ret_used, struct reapq_error *err)
{
	struct call call;
	size_t used = 0, bytes = 0, stored = 0;
	unsigned epoch;
	int rc = durable_begin(client, &epoch, err);
	int first = 0;
	*ret_used = max;
	if (rc)
		return rc;
	call_init(&call, client);
	while (used < max && bytes < SLICE_BYTES) {
		struct sending *s = &sendings[used];
		struct reapq_error error = REAPQ_ERROR_INIT;
		*s = (struct sending){0};
		if (task_copy(&copies[used], tasks + used * stride, &error) == 0) {
			bytes += send_one(&call, &copies[used], ret_futures != NULL, s);
		} else {
			call_begin(&call, &s->ask);
			call_answer(NULL, &error, &s->ask);
		}
		used++;
	}
	rc = call_wait(&call, err);
	for (size_t i = 0; i < used; i++) {
		struct reapq_error error = REAPQ_ERROR_INIT;
		struct reapq_future *none = NULL;
		int code = conclude(
		    &sendings[i], ret_futures ? &ret_futures[i] : &none, &error);
		stored += code == 0;
		if (code && rc == 0 && first == 0) {
			first = code;
			if (err)
				*err = error;
		}
	}
	*ret_used = used;
	if (rc || first)
		return rc ? rc : first;
	return stored ? durable_confirm(client, epoch, stored, err) : 0;
}

int
reapq_submit_many(struct reapq_client *client, const struct reapq_task *tasks, size_t n,
    struct reapq_future **ret_futures, struct reapq_error *err)
{
	const char *at = (const char *)tasks;
	size_t slice = n < SLICE_TASKS ? n : SLICE_TASKS;
	struct sending *sendings = NULL;
	struct reapq_task *copies = NULL;
	int result = 0;
	int rc = client_check(client, err);
	if (rc)
		return rc;
	if (n == 0)
		return 0;
	if (!tasks)
		return error_set(err, REAPQ_EINVAL, "tasks is NULL");
	sendings = calloc(slice, sizeof *sendings);
	copies = calloc(slice, sizeof *copies);
	if (!sendings || !copies) {
		result = error_set(err, REAPQ_ENOMEM, "no memory to send %zu tasks", n);
		goto out;
	}
	for (size_t i = 0; ret_futures && i < n; i++)
		ret_futures[i] = NULL;
	for (size_t i = 0, used; i < n; i += used) {
		size_t left = n - i;
		struct reapq_error error = REAPQ_ERROR_INIT;
		rc = submit_slice(client, at + i * tasks->size, tasks->size,
		    left < slice ? left : slice, sendings, copies,
		    ret_futures ? ret_futures + i : NULL, &used, &error);
		if (rc && result == 0) {
			result = rc;
			if (err)
				*err = error;
		}
		/* Each further slice would wait its full time for the same answer. */
		if (rc == REAPQ_ECONN)
			break;
	}
out:
	loop_mirror(client);
	free(copies);
	free(sendings);
	return result;
}

int
reapq_submit(struct reapq_client *client, const struct reapq_task *task,
    struct reapq_future **ret_future, struct reapq_error *err)
{
	struct reapq_future *future = NULL;
	int rc = reapq_submit_many(client, task, 1, ret_future ? &future : NULL, err);
	if ((rc == 0 || rc == REAPQ_EUNCONFIRMED) && ret_future)
		*ret_future = future;
	return rc;
}

/* ---- attach ------------------------------------------------------------------- */

struct attached {
	bool found, ended;
};

static int
parse_attach(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct attached *attached = arg;
	const char *text;
	size_t len;
	int rc = reply_str(reply, &text, &len, err);
	if (rc == 0) {
		attached->found = len > 0;
		attached->ended = len == 1 && text[0] == 'F';
	}
	return rc;
}

int
reapq_attach(struct reapq_client *client, const char *queue_name, const char *id,
    struct reapq_future **ret_future, struct reapq_error *err)
{
	struct attached attached = {0};
	struct call_ask ask = {.parse = parse_attach, .arg = &attached};
	struct reapq_future *future = NULL;
	struct queue *queue;
	struct call call;
	int rc = client_check(client, err);
	if (rc)
		return rc;
	if (!id || !id_valid(id))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.80s\" is no task id: 1 to %d letters, digits, '_', '.' or '-'",
		    id ? id : "", REAPQ_ID_MAX);
	if ((rc = queue_get(&queue, client, queue_name, err)) ||
	    (rc = future_open(&future, queue, id, NULL, err)) ||
	    (rc = watch_start(queue, err)))
		goto failed;
	queue_announce(queue, client->cmd);
	call_init(&call, client);
	call_ask(&call, &ask, &script_attach, queue->base, 2,
	    (const char *const[]){id, client->pid});
	rc = call_wait(&call, err);
	if (rc == 0 && !attached.found)
		rc = error_set(err, REAPQ_ENOENT,
		    "there is no task %s in queue %s, nor a result of it", id,
		    queue->name);
	if (rc)
		goto failed;
	future_watch(future);
	if (attached.ended)
		watch_fetch(future);
	loop_mirror(client);
	*ret_future = future;
	return 0;
failed:
	reapq_future_free(future);
	loop_mirror(client);
	return rc;
}
