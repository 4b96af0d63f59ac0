/*
 * attempt_move.c - copies a task to the queue that it names for want of memory.
 *
 * What the message does not hold (priority, budgets, deadline) is read from the record. The
 * copy has no producer and no unique key: who waits for the original finds it by its
 * report. Anything that fails leaves the task where it is, with its verdict.
 */
#include "attempt_move.h"

#include "conn.h"
#include "error.h"
#include "escalate.h"
#include "id.h"
#include "keys.h"
#include "log.h"
#include "reply.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_BIG ((size_t)256 * 1024)

static void
end(struct attempt *a, const char *why)
{
	if (why != NULL)
		log_event(LOG_ERROR, "move_failed", "task=%s to=%s why=%s", a->id,
		    a->task.oom_queue, log_quote(why));
	else
		log_event(LOG_INFO, "task_moved", "task=%s attempt=%d to=%s", a->id,
		    a->number, a->task.oom_queue);
	a->on_moved(a);
}

static void
on_copied(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct attempt *a = arg;
	int64_t code = -9;

	if (err == NULL)
		(void)reply_int(reply_at(reply, 0), &code, NULL);
	/* 0: it is there already, from the last time that this was tried */
	if (code == 1 || code == 0)
		a->moved_to = a->task.oom_queue;
	end(a, a->moved_to != NULL ? NULL
	       : err != NULL       ? err->msg
	       : code == -4        ? "that queue is draining"
				   : "that queue is full");
}

/* policy: PRIORITY,MAX_FAIL,MAX_LOST,RESULT_TTL,DEADLINE, and more that stays behind. */
static int
copy(struct attempt *a, const char *policy, int64_t now_ms, struct reapq_error *err)
{
	char base[KEYS_MAX], field[5][24], deadline[24];
	struct wire_task next = a->task;
	struct buf message = {0};
	int64_t left;
	int rc;

	if (sscanf(policy, "%23[0-9],%23[0-9],%23[0-9],%23[0-9],%23[0-9],", field[0],
		field[1], field[2], field[3], field[4]) != 5)
		return error_set(err, REAPQ_EPROTO,
		    "its record has no valid policy: %.100s", policy);
	left = strtoll(field[4], NULL, 10);
	if (left > 0)
		left = left > now_ms ? left - now_ms : 1;
	snprintf(deadline, sizeof(deadline), "%" PRId64, left);
	next.oom_queue = NULL;
	next.oom_raised = 0;
	if ((rc = wire_task_encode(&next, &message, err)) != 0)
		return rc;
	const char *add[] = {"SADD", KEYS_QUEUES, a->task.oom_queue};
	const char *argv[] = {a->id, message.data, "0", "0", field[0], field[1],
	    field[2], field[3], deadline, "", ""};
	size_t lens[11];
	struct conn_request req = {.argc = 3, .argv = add, .flags = CONN_RESEND};
	struct conn *conn = message.len > MESSAGE_BIG ? a->env->big : a->env->main;

	(void)conn_send(conn, &req, NULL);
	for (int i = 0; i < 11; i++)
		lens[i] = strlen(argv[i]);
	lens[1] = message.len;
	req = (struct conn_request){.script = &script_submit,
	    .key = keys_base(base, a->task.oom_queue),
	    .argc = 11,
	    .argv = argv,
	    .argv_len = lens,
	    .flags = CONN_RESEND,
	    .fn = on_copied,
	    .arg = a};
	rc = conn_send(conn, &req, err);
	buf_free(&message);
	return rc;
}

/* The record's policy, and before it Redis's time. */
static void
on_policy(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct attempt *a = arg;
	struct reapq_error why = REAPQ_ERROR_INIT;
	char policy[512];
	const char *text;
	size_t len;

	if (err == NULL && reply_str(reply, &text, &len, &why) != 0)
		err = &why;
	if (err == NULL) {
		snprintf(policy, sizeof(policy), "%.*s",
		    (int)(len < sizeof(policy) ? len : sizeof(policy) - 1), text);
		if (copy(a, policy, a->move_now_ms, &why) == 0)
			return;
		err = &why;
	}
	end(a, err->msg);
}

static void
on_time(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct attempt *a = arg;
	const char *s;
	size_t len;

	if (err == NULL && reply_str(reply_at(reply, 0), &s, &len, NULL) == 0)
		a->move_now_ms = strtoll(s, NULL, 10) * 1000;
}

static bool
is_wanted(const struct attempt *a)
{
	int64_t more;

	return a->task.oom_queue != NULL && !a->buried && a->on_moved == NULL &&
	       (a->finding.verdict == REAPQ_V_MEMORY_LIMIT ||
		   a->finding.verdict == REAPQ_V_OOM) &&
	       id_valid(a->task.oom_queue) &&
	       strcmp(a->task.oom_queue, a->queue) != 0 &&
	       !escalate(&a->task, a->finding.verdict, a->limits.memory,
		   a->env->config->ceilings.memory, &more);
}

bool
attempt_move_begin(struct attempt *a, void (*fn)(struct attempt *a))
{
	char task[KEYS_MAX];
	const char *ask_time[] = {"TIME"};
	const char *ask[] = {"HGET", keys_task(task, a->queue, a->id), "o"};
	struct conn_request req = {
	    .argc = 1, .argv = ask_time, .flags = CONN_RESEND, .fn = on_time, .arg = a};

	if (!is_wanted(a))
		return false;
	a->on_moved = fn;
	if (conn_send(a->env->main, &req, NULL) != 0)
		return false;
	req.argc = 3;
	req.argv = ask;
	req.fn = on_policy;
	if (conn_send(a->env->main, &req, NULL) != 0) {
		conn_forget(a->env->main, a);
		return false;
	}
	return true;
}

void
attempt_move_forget(struct attempt *a)
{
	if (a->on_moved == NULL)
		return;
	conn_forget(a->env->main, a);
	conn_forget(a->env->big, a);
}
