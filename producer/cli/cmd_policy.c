/*
 * cmd_policy.c - `reapq pause`, `resume` and `limit`: what a queue obeys.
 *
 * All of it is kept in Redis, so that these commands set or show it and end.
 */
#include "cmd.h"

#include <inttypes.h>
#include <reapq/admin.h>
#include <stdio.h>
#include <string.h>

#include "connect.h"
#include "exits.h"
#include "id.h"
#include "policy.h"
#include "queues.h"
#include "say.h"

int
policy_queue(const struct cmd *cmd, const struct options *opts, const char **ret_queue)
{
	if (opts->args_n > 1)
		return cmd_misused(cmd, "one queue at a time");
	if (opts->args_n == 0 && !opts->queue_given)
		return cmd_misused(cmd, "no queue");
	*ret_queue = opts->args_n ? opts->args[0] : opts->queue;
	if (!id_valid(*ret_queue))
		return cmd_misused(cmd,
		    "\"%.100s\" is no queue: up to %d of [A-Za-z0-9_.-]", *ret_queue,
		    REAPQ_ID_MAX);
	return 0;
}

typedef int set_fn(struct reapq_client *, const char *, struct reapq_error *);

static int
set_one(const struct cmd *cmd, const struct options *opts, set_fn *set)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client;
	const char *queue = NULL;
	int rc = policy_queue(cmd, opts, &queue);

	if (rc == 0)
		rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	if (set(client, queue, &err) < 0) {
		say_error(&err);
		rc = exits_of_error(err.code);
	}
	reapq_client_free(client);
	return rc;
}

static int
run_pause(const struct options *opts)
{
	return set_one(&cmd_pause, opts, reapq_queue_pause);
}

static int
run_resume(const struct options *opts)
{
	return set_one(&cmd_resume, opts, reapq_queue_resume);
}

static int
show_limits(struct reapq_client *client, const char *queue, struct reapq_error *err)
{
	struct reapq_queue_info info;
	char rate[QUEUES_RATE_MAX], length[24] = "none";
	const char *shown;
	int rc = reapq_queue_look(client, queue, &info, err);

	if (rc < 0)
		return rc;
	shown = queues_rate(&info, rate);
	if (info.max_length > 0)
		(void)snprintf(length, sizeof length, "%" PRId64, info.max_length);
	(void)printf("rate %s, max-length %s\n", *shown ? shown : "none", length);
	return 0;
}

static int
set_limits(struct reapq_client *client, const char *queue, const struct options *opts,
    struct reapq_error *err)
{
	int rc = 0;

	if (opts->rate_max >= 0)
		rc = reapq_queue_limit_rate(
		    client, queue, opts->rate_max, opts->rate_ms, err);
	if (rc == 0 && opts->max_length >= 0)
		rc = reapq_queue_limit_length(client, queue, opts->max_length, err);
	return rc;
}

static int
run_limit(const struct options *opts)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client;
	const char *queue = NULL;
	int rc = policy_queue(&cmd_limit, opts, &queue);

	if (rc == 0)
		rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	if (opts->rate_max < 0 && opts->max_length < 0)
		rc = show_limits(client, queue, &err);
	else
		rc = set_limits(client, queue, opts, &err);
	reapq_client_free(client);
	if (rc < 0) {
		say_error(&err);
		return exits_of_error(err.code);
	}
	return say_flush();
}

const struct cmd cmd_pause = {
    .name = "pause",
    .usage = "QUEUE",
    .summary = "Start no more of a queue's tasks, until `reapq resume`",
    .details = "Submits, cancels and deadlines go on; so does what runs.",
    .groups = 0,
    .style = OPTIONS_ANYWHERE,
    .run = run_pause,
};

const struct cmd cmd_resume = {
    .name = "resume",
    .usage = "QUEUE",
    .summary = "End a queue's pause, or its drain",
    .groups = 0,
    .style = OPTIONS_ANYWHERE,
    .run = run_resume,
};

const struct cmd cmd_limit = {
    .name = "limit",
    .usage = "QUEUE",
    .summary = "Limit how fast a queue's tasks start, or how many may wait",
    .details =
	"Without --rate and --max-length, prints what is set.\n\n"
	"In no second (minute, hour) do more than N tasks start, over all workers; up\n"
	"to N may start at once. The length is what waits: queued in any priority,\n"
	"delayed, or suspect. A submit over it is refused with status 125.",
    .groups = FLAGS_LIMIT,
    .style = OPTIONS_ANYWHERE,
    .run = run_limit,
};
