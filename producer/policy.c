/*
 * policy.c - sets what a queue obeys: pause, drain, rate, length.
 *
 * Owns nothing: the policy lives in the queue's cfg hash, and the scripts that claim and
 * submit obey it there, so that no worker or producer has to be told. The queue's name is
 * put into the registry with it, so that a queue that is only paused so far is shown.
 */
#include "call.h"
#include "client.h"
#include "error.h"
#include "keys.h"
#include "loop.h"
#include "queue.h"
#include <reapq/admin.h>

#include <inttypes.h>
#include <stdio.h>

static int
configure(struct reapq_client *client, const char *name, int argc,
    const char *const *argv, struct reapq_error *err)
{
	struct call_ask asks[2] = {{0}, {0}};
	struct queue *queue;
	struct call call;
	int rc = client_check(client, err);
	if (rc || (rc = queue_get(&queue, client, name, err)))
		return rc;
	call_init(&call, client);
	call_ask(&call, &asks[0], &script_configure, queue->base, argc, argv);
	call_ask(&call, &asks[1], NULL, NULL, 3,
	    (const char *const[]){"SADD", KEYS_QUEUES, queue->name});
	rc = call_wait(&call, err);
	loop_mirror(client);
	/* A full Redis refuses the name, which is for people alone. */
	return asks[0].code == 0 && rc == REAPQ_EFULL ? 0 : rc;
}

int
reapq_queue_pause(
    struct reapq_client *client, const char *queue, struct reapq_error *err)
{
	return configure(client, queue, 2, (const char *const[]){"paused", "1"}, err);
}

int
reapq_queue_drain(
    struct reapq_client *client, const char *queue, struct reapq_error *err)
{
	return configure(client, queue, 2, (const char *const[]){"draining", "1"}, err);
}

int
reapq_queue_resume(
    struct reapq_client *client, const char *queue, struct reapq_error *err)
{
	return configure(
	    client, queue, 4, (const char *const[]){"paused", "", "draining", ""}, err);
}

int
reapq_queue_limit_rate(struct reapq_client *client, const char *queue, int64_t max,
    int64_t per_ms, struct reapq_error *err)
{
	char starts[24] = "", ms[24] = "";
	if (max < 0 || max > REAPQ_RATE_MAX)
		return error_set(err, REAPQ_EINVAL,
		    "a rate of %" PRId64 " starts: from 1 to %d, or 0 for none", max,
		    REAPQ_RATE_MAX);
	if (max > 0 && (per_ms < 1 || per_ms > REAPQ_RATE_MS_MAX))
		return error_set(err, REAPQ_EINVAL,
		    "a rate for each %" PRId64 " ms: from 1 ms to a day", per_ms);
	if (max > 0) {
		(void)snprintf(starts, sizeof starts, "%" PRId64, max);
		(void)snprintf(ms, sizeof ms, "%" PRId64, per_ms);
	}
	return configure(client, queue, 4,
	    (const char *const[]){"rl_max", starts, "rl_ms", ms}, err);
}

int
reapq_queue_limit_length(struct reapq_client *client, const char *queue, int64_t max,
    struct reapq_error *err)
{
	char text[24] = "";
	if (max < 0 || max > REAPQ_LENGTH_MAX)
		return error_set(err, REAPQ_EINVAL,
		    "a maximum length of %" PRId64 ": from 1 to %d, or 0 for none", max,
		    REAPQ_LENGTH_MAX);
	if (max > 0)
		(void)snprintf(text, sizeof text, "%" PRId64, max);
	return configure(client, queue, 2, (const char *const[]){"max_len", text}, err);
}
