/*
 * dead_act.c - puts dead tasks back into their queue, or takes them off the list.
 *
 * One script call an entry, so that none is large, and all of a page in one round trip.
 * Each names the time of death that was seen: a request that is repeated, because its
 * answer was lost, cannot act on a later death of the same task.
 */
#include "dead.h"
#include "call.h"
#include "client.h"
#include "error.h"
#include "id.h"
#include "queue.h"
#include "reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct act {
	struct call_ask ask;
	call_parse_fn *parse;
	const struct reapq_dead_info *info;
	struct reapq_error err;
};

static int
no_entry(const struct act *act, struct reapq_error *err)
{
	return error_set(err, REAPQ_ENOENT,
	    "task %s is not on the dead list any more, or has died again",
	    act->info->id);
}

/* {code} or {5, id} */
static int
parse_retry(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct act *act = arg;
	const char *id = act->info->id, *holder;
	size_t len;
	int64_t code;
	int rc = reply_int(reply_at(reply, 0), &code, err);
	if (rc)
		return rc;
	switch (code) {
	case 1:
		return 0;
	case 0:
		return no_entry(act, err);
	case 2:
		return error_set(err, REAPQ_ETOOLATE,
		    "a live task has the id %s: wait for it, or cancel it", id);
	case 3:
		return error_set(err, REAPQ_EINVAL,
		    "task %s cannot be run again: its record cannot be read", id);
	case 4:
		return error_set(err, REAPQ_EINVAL,
		    "task %s cannot be run again: its message was too large to be kept "
		    "(see dead_bytes)",
		    id);
	case 5:
		if ((rc = reply_str(reply_at(reply, 1), &holder, &len, err)))
			return rc;
		return error_set(err, REAPQ_ETOOLATE,
		    "the live task %.*s holds the unique key of %s",
		    len > REAPQ_ID_MAX ? REAPQ_ID_MAX : (int)len, holder, id);
	case 6:
		return error_set(err, REAPQ_ETOOLATE,
		    "task %s has run again since under the same id, and its result is "
		    "still there",
		    id);
	default:
		return error_set(err, REAPQ_EPROTO,
		    "dead_retry answered %" PRId64 ", which this version doesn't know",
		    code);
	}
}

static int
parse_remove(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	int64_t code;
	int rc = reply_int(reply, &code, err);
	return rc || code == 1 ? rc : no_entry(arg, err);
}

/* The call keeps the words of the first failure only. */
static int
parse_act(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct act *act = arg;
	int rc = act->parse(reply, act, &act->err);
	if (rc && err)
		*err = act->err;
	return rc;
}

static int
act_on(struct reapq_client *client, const char *queue_name, const struct script *script,
    call_parse_fn *parse, const struct reapq_dead_info *list, size_t n,
    struct reapq_error *errs, struct reapq_error *err)
{
	struct reapq_error why = REAPQ_ERROR_INIT;
	struct queue *queue;
	struct act *acts;
	struct call call;
	int rc = dead_queue(&queue, client, queue_name, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = dead_check_id(list[i].id, err);
	if (rc)
		return rc;
	acts = calloc(n + 1, sizeof *acts);
	if (!acts)
		return error_set(err, REAPQ_ENOMEM, "no memory for %zu dead tasks", n);
	call_init(&call, client);
	for (size_t i = 0; i < n; i++) {
		char died[24];
		acts[i] = (struct act){.ask = {.parse = parse_act, .arg = &acts[i]},
		    .parse = parse,
		    .info = &list[i]};
		(void)snprintf(died, sizeof died, "%" PRId64, list[i].died_ms);
		call_ask(&call, &acts[i].ask, script, queue->base, 2,
		    (const char *const[]){list[i].id, died});
	}
	rc = call_wait(&call, &why);
	for (size_t i = 0; errs && i < n; i++) {
		errs[i] = acts[i].err;
		/* No answer to it came, and the call's error is why. */
		if (acts[i].ask.code && errs[i].code == 0)
			(void)error_set(&errs[i], acts[i].ask.code, "task %s: %s",
			    list[i].id, why.msg);
	}
	free(acts);
	if (rc && err)
		*err = why;
	return rc;
}

int
reapq_dead_retry(struct reapq_client *client, const char *queue,
    const struct reapq_dead_info *list, size_t n, struct reapq_error *errs,
    struct reapq_error *err)
{
	return act_on(
	    client, queue, &script_dead_retry, parse_retry, list, n, errs, err);
}

int
reapq_dead_remove(struct reapq_client *client, const char *queue,
    const struct reapq_dead_info *list, size_t n, struct reapq_error *errs,
    struct reapq_error *err)
{
	return act_on(
	    client, queue, &script_dead_remove, parse_remove, list, n, errs, err);
}
