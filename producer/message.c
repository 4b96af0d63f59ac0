/*
 * message.c - a task's message as it was submitted, from its record or the dead list.
 *
 * The bytes are not looked at here: whoever runs them has to decode them, and must take
 * them for hostile.
 */
#include <reapq/admin.h>
#include "call.h"
#include "client.h"
#include "dead.h"
#include "error.h"
#include "queue.h"
#include "reply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct found {
	struct reapq_task_message message;
	bool any;
	int64_t dropped_len;
};

/* {} | {'live' or 'dead', policy, message, length that was not kept} */
static int
parse_message(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct found *found = arg;
	struct reapq_task_message *m = &found->message;
	const char *where, *policy, *data;
	size_t n, where_len, policy_len, data_len;
	int rc = reply_array(reply, &n, err);
	if (rc || n == 0)
		return rc;
	if ((rc = reply_str(reply_at(reply, 0), &where, &where_len, err)) ||
	    (rc = reply_str(reply_at(reply, 1), &policy, &policy_len, err)) ||
	    (rc = reply_str(reply_at(reply, 2), &data, &data_len, err)) ||
	    (rc = reply_int(reply_at(reply, 3), &found->dropped_len, err)))
		return rc;
	m->data = malloc(data_len + 1);
	if (!m->data)
		return error_set(err, REAPQ_ENOMEM, "no memory for a task's message");
	memcpy(m->data, data, data_len);
	m->data_len = data_len;
	m->dead = where_len == 4 && memcmp(where, "dead", 4) == 0;
	/* A longer one is none of ours. */
	if (policy_len < sizeof m->policy && !memchr(policy, '\0', policy_len))
		memcpy(m->policy, policy, policy_len);
	found->any = true;
	return 0;
}

int
reapq_task_message(struct reapq_client *client, const char *queue_name, const char *id,
    struct reapq_task_message *ret_message, struct reapq_error *err)
{
	struct found found = {.any = false};
	struct call_ask ask = {.parse = parse_message, .arg = &found};
	struct queue *queue;
	struct call call;
	int rc;
	if ((rc = dead_check_id(id, err)) ||
	    (rc = dead_queue(&queue, client, queue_name, err)))
		return rc;
	call_init(&call, client);
	call_ask(&call, &ask, &script_message, queue->base, 1, &id);
	rc = call_wait(&call, err);
	if (rc == 0 && !found.any)
		rc = error_set(err, REAPQ_ENOENT,
		    "there is no task %s in queue %s, live or on the dead list", id,
		    queue->name);
	else if (rc == 0 && found.dropped_len > 0)
		rc = error_set(err, REAPQ_ETOOBIG,
		    "the message of task %s has %" PRId64
		    " bytes: the dead list did not keep it (see dead_bytes)",
		    id, found.dropped_len);
	if (rc) {
		reapq_task_message_free(&found.message);
		return rc;
	}
	*ret_message = found.message;
	return 0;
}

void
reapq_task_message_free(struct reapq_task_message *message)
{
	if (!message)
		return;
	free(message->data);
	message->data = NULL;
	message->data_len = 0;
}
