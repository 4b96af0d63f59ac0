/*
 * order.c - from a task as the caller wrote it to the arguments of submit.lua.
 *
 * Everything is checked here, before anything is sent. Times are kept as points on the
 * boot clock, so that a task submitted again keeps its delay and deadline.
 */
#include "order.h"
#include "client.h"
#include "clock.h"
#include "error.h"
#include "id.h"
#include "limit.h"
#include "queue.h"
#include "retry.h"
#include "wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 1000
#define TIME_MAX_MS ((int64_t)10 * 365 * 86400 * 1000)
#define RESULT_TTL_MS 3600000
#define MAX_LOST 3
#define OOM_FACTOR_MAX 10000
#define ARG_COUNT 11

/* As submit.lua has them; the enum's order is the API's. */
static int
priority_level(enum reapq_priority priority)
{
	switch (priority) {
	case REAPQ_PRIORITY_HIGH:
		return 0;
	case REAPQ_PRIORITY_NORMAL:
		return 1;
	case REAPQ_PRIORITY_LOW:
		return 2;
	}
	return -1;
}

static int
check_time(const char *name, int64_t ms, struct reapq_error *err)
{
	if (ms < 0 || ms > TIME_MAX_MS)
		return error_set(err, REAPQ_EINVAL,
		    "%s is %" PRId64 " ms: from 0 (the default) to 10 years", name, ms);
	return 0;
}

static int
check_oom(const struct reapq_task *task, struct reapq_error *err)
{
	if (task->oom_factor != 0 &&
	    (task->oom_factor <= 100 || task->oom_factor > OOM_FACTOR_MAX))
		return error_set(err, REAPQ_EINVAL,
		    "oom_factor is %d per cent: from 101 to %d, or 0", task->oom_factor,
		    OOM_FACTOR_MAX);
	if (task->oom_step < 0)
		return error_set(err, REAPQ_EINVAL,
		    "oom_step is %" PRId64 " bytes: less than nothing", task->oom_step);
	if (task->oom_factor != 0 && task->oom_step != 0)
		return error_set(err, REAPQ_EINVAL,
		    "oom_factor and oom_step: one of them has to be 0");
	if (task->oom_queue && !id_valid(task->oom_queue))
		return error_set(err, REAPQ_EINVAL,
		    "oom_queue: \"%.80s\" is no queue name: 1 to %d letters, digits, "
		    "'_', '.' or '-'",
		    task->oom_queue, REAPQ_ID_MAX);
	return 0;
}

static int
check_policy(const struct reapq_task *task, struct reapq_error *err)
{
	uint32_t set;
	int rc;
	if (task->max_attempts < 0 || task->max_attempts > RUNS_MAX)
		return error_set(err, REAPQ_EINVAL, "max_attempts is %d: from 1 to %d",
		    task->max_attempts, RUNS_MAX);
	if (task->max_lost < REAPQ_MAX_LOST_NONE || task->max_lost > RUNS_MAX)
		return error_set(err, REAPQ_EINVAL,
		    "max_lost is %d: from 1 to %d, or REAPQ_MAX_LOST_NONE",
		    task->max_lost, RUNS_MAX);
	if (priority_level(task->priority) < 0)
		return error_set(err, REAPQ_EINVAL, "%d is none of enum reapq_priority",
		    (int)task->priority);
	if ((rc = check_time("retry_delay_ms", task->retry_delay_ms, err)) ||
	    (rc = check_time("delay_ms", task->delay_ms, err)) ||
	    (rc = check_time("deadline_ms", task->deadline_ms, err)) ||
	    (rc = check_time("result_ttl_ms", task->result_ttl_ms, err)))
		return rc;
	if ((rc = check_oom(task, err)))
		return rc;
	for (int i = 0; i < LIMIT_N; i++) {
		int64_t value = limit_get(&task->limits, (enum limit_index)i);
		if (value < REAPQ_UNLIMITED)
			return error_set(err, REAPQ_EINVAL,
			    "limit %s is %" PRId64
			    ": 0 for the default, REAPQ_UNLIMITED for none",
			    limit_table[i].name, value);
	}
	return retry_parse(task->retry_on, &set, err);
}

static int
check_names(const struct reapq_task *task, const char *id, struct reapq_error *err)
{
	bool exec;
	if (!id_valid(id))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.80s\" is no task id: 1 to %d letters, digits, '_', '.' or '-'",
		    id, REAPQ_ID_MAX);
	if (task->unique && !id_valid(task->unique))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.80s\" is no unique key: 1 to %d letters, digits, '_', '.' or "
		    "'-'",
		    task->unique, REAPQ_ID_MAX);
	if (!task->handler || !*task->handler)
		return error_set(err, REAPQ_EINVAL, "the task names no handler");
	if (strlen(task->handler) > REAPQ_HANDLER_MAX)
		return error_set(err, REAPQ_EINVAL,
		    "the handler's name has %zu bytes: at most %d",
		    strlen(task->handler), REAPQ_HANDLER_MAX);
	if (task->tag && strlen(task->tag) > REAPQ_TAG_MAX)
		return error_set(err, REAPQ_ETOOBIG,
		    "the tag has %zu bytes: at most %d", strlen(task->tag),
		    REAPQ_TAG_MAX);
	exec = strcmp(task->handler, REAPQ_HANDLER_EXEC) == 0;
	if (exec && (!task->argv || !task->argv[0]))
		return error_set(err, REAPQ_EINVAL,
		    "an exec task needs argv with at least the command");
	if (!exec && (task->argv || task->env || task->cwd))
		return error_set(err, REAPQ_EINVAL,
		    "argv, env and cwd are for exec tasks; handler \"%s\" takes a "
		    "payload",
		    task->handler);
	if (task->payload_len > 0 && !task->payload)
		return error_set(err, REAPQ_EINVAL,
		    "payload is NULL, but payload_len is %zu", task->payload_len);
	return 0;
}

/* Bytes of an array of strings; its length must be within the wire's bound. */
static int
strings_size(const char *name, const char *const *strings, size_t *ret_size,
    struct reapq_error *err)
{
	size_t n = 0;
	for (; strings && strings[n]; n++)
		*ret_size += strlen(strings[n]) + 1;
	if (n > WIRE_ARGV_MAX)
		return error_set(err, REAPQ_ETOOBIG, "%s has %zu strings: at most %d",
		    name, n, WIRE_ARGV_MAX);
	return 0;
}

static int
check_size(const struct reapq_task *task, int64_t payload_max, struct reapq_error *err)
{
	size_t size = 0;
	int rc;
	if ((rc = strings_size("argv", task->argv, &size, err)) ||
	    (rc = strings_size("env", task->env, &size, err)))
		return rc;
	if (task->payload_len > (uint64_t)payload_max)
		return error_set(err, REAPQ_ETOOBIG,
		    "the task's payload has %zu bytes: the client's payload_max is "
		    "%" PRId64,
		    task->payload_len, payload_max);
	if (size > (uint64_t)payload_max)
		return error_set(err, REAPQ_ETOOBIG,
		    "the task's arguments and environment have %zu bytes: the client's "
		    "payload_max is %" PRId64,
		    size, payload_max);
	return 0;
}

static int
encode(struct order *order, const struct reapq_task *task, const char *id,
    struct reapq_error *err)
{
	struct wire_task wire = {
	    .id = id,
	    .handler = task->handler,
	    .tag = task->tag,
	    .payload = task->payload,
	    .payload_len = task->payload_len,
	    .argv = task->argv,
	    .env = task->env,
	    .cwd = task->cwd,
	    .limits = task->limits,
	    .max_attempts = order->max_fail,
	    .retry_delay_ms = task->retry_delay_ms ? task->retry_delay_ms : 1000,
	    .retry_on = task->retry_on && *task->retry_on ? task->retry_on : NULL,
	    .submitted_ms = clock_wall_ms(),
	    .oom_factor = task->oom_factor,
	    .oom_step = task->oom_step,
	    .oom_queue = task->oom_queue,
	};
	struct buf out = {0};
	int rc = wire_task_encode(&wire, &out, err);
	if (rc == 0) {
		order->message = buf_take(&out, &order->message_len);
		if (!order->message)
			rc = error_set(err, REAPQ_ENOMEM, "no memory for a task");
	}
	buf_free(&out);
	return rc;
}

int
order_new(struct order **ret_order, const struct reapq_task *task, const char *id,
    int64_t payload_max, struct reapq_error *err)
{
	struct order *order;
	int64_t now_ms = clock_boot_ms();
	int rc;
	if ((rc = check_names(task, id, err)) || (rc = check_policy(task, err)) ||
	    (rc = check_size(task, payload_max, err)))
		return rc;
	order = calloc(1, sizeof *order);
	if (!order)
		return error_set(err, REAPQ_ENOMEM, "no memory for a task");
	order->start_ms = task->delay_ms ? now_ms + task->delay_ms : 0;
	order->deadline_ms = task->deadline_ms ? now_ms + task->deadline_ms : 0;
	order->result_ttl_ms =
	    task->result_ttl_ms ? task->result_ttl_ms : RESULT_TTL_MS;
	order->max_fail = task->max_attempts ? task->max_attempts : 1;
	order->max_lost = task->max_lost ? task->max_lost : MAX_LOST;
	if (task->max_lost == REAPQ_MAX_LOST_NONE)
		order->max_lost = 0;
	order->priority = priority_level(task->priority);
	if (task->unique)
		memcpy(order->unique, task->unique, strlen(task->unique) + 1);
	rc = encode(order, task, id, err);
	if (rc) {
		order_free(order);
		return rc;
	}
	*ret_order = order;
	return 0;
}

void
order_free(struct order *order)
{
	if (!order)
		return;
	free(order->message);
	free(order);
}

int
order_send(const struct order *order, struct queue *queue, const char *id,
    unsigned flags, conn_reply_fn *fn, void *arg, struct reapq_error *err)
{
	struct reapq_client *client = queue->client;
	int64_t now_ms = clock_boot_ms();
	int64_t delay_ms = order->start_ms > now_ms ? order->start_ms - now_ms : 0;
	int64_t deadline_ms = 0;
	char delay[24], deadline[24], ttl[24], fail[16], lost[16], level[16];
	const char *argv[ARG_COUNT];
	size_t argv_len[ARG_COUNT];
	struct conn *conn;
	struct conn_request request;
	int rc = client_conn_for(client, order->message_len, &conn, err);
	if (rc)
		return rc;
	if (order->deadline_ms)
		deadline_ms =
		    order->deadline_ms > now_ms ? order->deadline_ms - now_ms : 1;
	(void)snprintf(delay, sizeof delay, "%" PRId64, delay_ms);
	(void)snprintf(deadline, sizeof deadline, "%" PRId64, deadline_ms);
	(void)snprintf(ttl, sizeof ttl, "%" PRId64, order->result_ttl_ms);
	(void)snprintf(fail, sizeof fail, "%d", order->max_fail);
	(void)snprintf(lost, sizeof lost, "%d", order->max_lost);
	(void)snprintf(level, sizeof level, "%d", order->priority);
	argv[0] = id;
	argv[1] = order->message;
	argv[2] = delay;
	argv[3] = flags & ORDER_AGAIN ? "-1" : "0";
	argv[4] = level;
	argv[5] = fail;
	argv[6] = lost;
	argv[7] = ttl;
	argv[8] = deadline;
	argv[9] = flags & ORDER_NOTIFY ? client->pid : "";
	argv[10] = order->unique;
	for (int i = 0; i < ARG_COUNT; i++)
		argv_len[i] = i == 1 ? order->message_len : strlen(argv[i]);
	if (flags & ORDER_NOTIFY) {
		queue_announce(queue, client->cmd);
		if (conn != client->cmd)
			queue_announce(queue, conn);
	}
	request = (struct conn_request){.script = &script_submit,
	    .key = queue->base,
	    .argc = ARG_COUNT,
	    .argv = argv,
	    .argv_len = argv_len,
	    .timeout_ms = client->call_timeout_ms,
	    .flags = CONN_RESEND,
	    .fn = fn,
	    .arg = arg};
	return conn_send(conn, &request, err);
}
