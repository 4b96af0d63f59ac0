/*
 * one.c - a command that stands and falls with one task.
 *
 * Owns the client and the future for as long as it waits. What is shown, and what status
 * it comes to, is the command's own.
 */
#include "one.h"

#include "connect.h"
#include "exits.h"
#include "follow.h"
#include "json.h"
#include "say.h"

static int
print_json(const struct reapq_report *report)
{
	struct json j;
	int rc;

	json_start(&j);
	json_put_report(&j, report);
	rc = json_print(&j);
	return rc ? rc : say_flush();
}

int
one_show(const struct one *one, const struct options *opts,
    const struct reapq_report *report)
{
	return opts->json ? print_json(report) : one->show(opts, report);
}

static int
submit_and_show(
    const struct one *one, const struct options *opts, const struct reapq_task *task)
{
	struct reapq_client *client;
	struct reapq_future *future;
	int rc = connect_open(opts, &client);

	if (rc != 0)
		return rc;
	rc = follow_task(opts, client, task, &future);
	if (rc == 0) {
		const struct reapq_report *report = reapq_future_report(future);

		rc = one_show(one, opts, report);
		rc = rc ? rc : one->status(report);
		reapq_future_free(future);
	}
	reapq_client_free(client);
	return rc;
}

int
one_run(const struct one *one, const struct options *opts)
{
	struct reapq_task task = opts->task;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct buf payload = {0};
	int rc = one->target(opts, &task, &payload, &err);

	if (rc == REAPQ_EINVAL) {
		rc = cmd_misused(one->cmd, "%s", err.msg);
	} else if (rc < 0) {
		say_error(&err);
		rc = EXITS_REAPQ;
	} else {
		rc = submit_and_show(one, opts, &task);
	}
	buf_free(&payload);
	return rc;
}
