/*
 * admin.c - queues and single tasks, as people look at them.
 *
 * Everything is read by scripts without writes; nothing here opens a future. What Redis
 * holds under a task's key may be anything: a message that can't be read leaves its
 * fields empty.
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

#include <stdlib.h>
#include <string.h>

int
reapq_redis_check(const struct reapq_client *client, struct reapq_error *err)
{
	const struct reapq_error *why;
	int rc = client_check(client, err);
	if (rc || conn_up(client->cmd))
		return rc;
	why = conn_error(client->cmd);
	if (why->code >= 0)
		return error_set(err, REAPQ_ECONN, "connecting to Redis");
	if (err)
		*err = *why;
	return why->code;
}

/* ---- queues ------------------------------------------------------------------- */

static int
parse_queue(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct reapq_queue_info *info = arg;
	int64_t paused = 0, draining = 0;
	int64_t *const fields[] = {&info->queued_high, &info->queued_normal,
	    &info->queued_low, &info->delayed, &info->running, &info->suspect,
	    &info->dead, &info->workers, &paused, &draining, &info->rate_max,
	    &info->rate_ms, &info->max_length};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		int rc = reply_int(reply_at(reply, i), fields[i], err);
		if (rc)
			return rc;
	}
	info->paused = paused < 0 ? -1 : paused > 0;
	info->draining = draining < 0 ? -1 : draining > 0;
	if (info->rate_max > 0 && info->rate_ms <= 0)
		info->rate_ms = 1000; /* as claim.lua has it */
	return 0;
}

int
reapq_queue_list(struct reapq_client *client, struct reapq_queue_info **ret_list,
    size_t *ret_n, struct reapq_error *err)
{
	struct names_list names = {0};
	struct reapq_queue_info *list = NULL;
	struct call_ask *asks = NULL;
	struct call call;
	char base[KEYS_MAX];
	int rc = client_check(client, err);
	if (rc)
		return rc;
	rc = names_list_queues(&names, client, err);
	if (rc)
		goto out;
	list = calloc(names.n + 1, sizeof *list);
	asks = calloc(names.n + 1, sizeof *asks);
	if (!list || !asks) {
		rc = error_set(err, REAPQ_ENOMEM, "no memory for a list of queues");
		goto out;
	}
	call_init(&call, client);
	for (size_t i = 0; i < names.n; i++) {
		asks[i].parse = parse_queue;
		asks[i].arg = &list[i];
		call_ask(&call, &asks[i], &script_queue,
		    keys_base(base, names.names[i]), 0, NULL);
	}
	rc = call_wait(&call, err);
	if (rc)
		goto out;
	for (size_t i = 0; i < names.n; i++) {
		list[i].name = names.names[i];
		names.names[i] = NULL; /* the list's now */
	}
	*ret_list = list;
	*ret_n = names.n;
	list = NULL;
out:
	names_list_free(&names);
	free(asks);
	free(list);
	return rc;
}

int
reapq_queue_look(struct reapq_client *client, const char *queue_name,
    struct reapq_queue_info *ret_info, struct reapq_error *err)
{
	struct reapq_queue_info info = {.name = NULL};
	struct call_ask ask = {.parse = parse_queue, .arg = &info};
	struct queue *queue;
	struct call call;
	int rc = client_check(client, err);
	if (rc || (rc = queue_get(&queue, client, queue_name, err)))
		return rc;
	call_init(&call, client);
	call_ask(&call, &ask, &script_queue, queue->base, 0, NULL);
	rc = call_wait(&call, err);
	if (rc)
		return rc;
	info.name = queue->name;
	*ret_info = info;
	return 0;
}

void
reapq_queue_list_free(struct reapq_queue_info *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++)
		names_list_drop(list[i].name);
	free(list);
}

/* ---- one task ----------------------------------------------------------------- */

struct looked {
	struct reapq_task_info info;
	bool found;
};

static void
copy_text(char *dst, size_t cap, const char *src)
{
	size_t len = src ? strlen(src) : 0;
	if (len >= cap)
		len = cap - 1;
	if (len)
		memcpy(dst, src, len);
	dst[len] = '\0';
}

/* "P", "D", or "R" and the claim: WORKER.SEQ */
static int
parse_state(
    struct reapq_task_info *info, const char *text, size_t len, struct reapq_error *err)
{
	const char *dot;
	switch (len ? text[0] : '\0') {
	case 'P':
		info->state = REAPQ_STATE_QUEUED;
		return 0;
	case 'D':
		info->state = REAPQ_STATE_DELAYED;
		return 0;
	case 'F':
		info->state = REAPQ_STATE_ENDED;
		return 0;
	case 'R':
		info->state = REAPQ_STATE_RUNNING;
		dot = memrchr(text, '.', len);
		if (dot && (size_t)(dot - text) <= REAPQ_ID_MAX) {
			memcpy(info->worker, text + 1, (size_t)(dot - text) - 1);
			info->worker[dot - text - 1] = '\0';
		}
		return 0;
	default:
		return error_set(err, REAPQ_EPROTO,
		    "task %s is in a state \"%.*s\" that this version doesn't know",
		    info->id, len > 16 ? 16 : (int)len, text);
	}
}

static void
parse_message(struct reapq_task_info *info, const char *data, size_t len)
{
	struct wire_box box = {0};
	struct wire_task task;
	if (wire_task_decode(data, len, &box, &task, NULL) == 0) {
		copy_text(info->handler, sizeof info->handler, task.handler);
		copy_text(info->tag, sizeof info->tag, task.tag);
		info->submitted_ms = task.submitted_ms;
		info->payload_len = (int64_t)task.payload_len;
	}
	wire_box_free(&box);
}

/* {} | {'F'} | {state, attempt, lost, failed, cancel reason, message} */
static int
parse_look(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct looked *looked = arg;
	struct reapq_task_info *info = &looked->info;
	int64_t numbers[3];
	const char *text;
	size_t n, len;
	int rc = reply_array(reply, &n, err);
	if (rc || n == 0)
		return rc;
	if ((rc = reply_str(reply_at(reply, 0), &text, &len, err)) ||
	    (rc = parse_state(info, text, len, err)))
		return rc;
	looked->found = true;
	if (info->state == REAPQ_STATE_ENDED)
		return 0;
	for (size_t i = 0; i < 3; i++)
		if ((rc = reply_int(reply_at(reply, i + 1), &numbers[i], err)))
			return rc;
	info->attempt = (int)numbers[0];
	info->lost = (int)numbers[1];
	info->failed = (int)numbers[2];
	if ((rc = reply_str(reply_at(reply, 4), &text, &len, err)))
		return rc;
	info->cancel_requested = len > 0;
	if ((rc = reply_str(reply_at(reply, 5), &text, &len, err)))
		return rc;
	parse_message(info, text, len);
	return 0;
}

int
reapq_task_look(struct reapq_client *client, const char *queue_name, const char *id,
    struct reapq_task_info *ret_info, struct reapq_error *err)
{
	struct looked looked = {.found = false};
	struct call_ask ask = {.parse = parse_look, .arg = &looked};
	struct queue *queue;
	struct call call;
	int rc = client_check(client, err);
	if (rc)
		return rc;
	if (!id || !id_valid(id))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.80s\" is no task id: 1 to %d letters, digits, '_', '.' or '-'",
		    id ? id : "", REAPQ_ID_MAX);
	rc = queue_get(&queue, client, queue_name, err);
	if (rc)
		return rc;
	copy_text(looked.info.id, sizeof looked.info.id, id);
	copy_text(looked.info.queue, sizeof looked.info.queue, queue->name);
	call_init(&call, client);
	call_ask(&call, &ask, &script_look, queue->base, 1, &id);
	rc = call_wait(&call, err);
	if (rc)
		return rc;
	if (!looked.found)
		return error_set(err, REAPQ_ENOENT,
		    "there is no task %s in queue %s, nor a result of it", id,
		    queue->name);
	*ret_info = looked.info;
	return 0;
}

const char *
reapq_state_name(enum reapq_state state)
{
	switch (state) {
	case REAPQ_STATE_QUEUED:
		return "queued";
	case REAPQ_STATE_DELAYED:
		return "delayed";
	case REAPQ_STATE_RUNNING:
		return "running";
	case REAPQ_STATE_ENDED:
		return "ended";
	}
	return "unknown";
}
