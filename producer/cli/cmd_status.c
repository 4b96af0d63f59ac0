/*
 * cmd_status.c - `reapq status`: all queues, or some tasks in full.
 *
 * Reads, never waits. One task that is not known does not hide the others.
 */
#include "cmd.h"

#include <stdio.h>

#include "connect.h"
#include "exits.h"
#include "json.h"
#include "look.h"
#include "queues.h"
#include "ref.h"
#include "say.h"
#include "show.h"

static int
print_json(const struct look *look)
{
	const struct reapq_task_info *info = &look->info;
	struct json j;

	json_start(&j);
	json_put_text(&j, "state", reapq_state_name(info->state));
	if (look->report) {
		json_put_report(&j, look->report);
		return json_print(&j);
	}
	json_put_text(&j, "id", info->id);
	json_put_text(&j, "queue", info->queue);
	json_put_text(&j, "handler", info->handler);
	json_put_text(&j, "tag", *info->tag ? info->tag : NULL);
	json_put_text(&j, "worker", *info->worker ? info->worker : NULL);
	json_put_int(&j, "attempt", info->attempt);
	json_put_int(&j, "failed", info->failed);
	json_put_int(&j, "lost", info->lost);
	json_put(&j, "cancel_requested", json_boolean(info->cancel_requested));
	json_put_int(&j, "payload_len", info->payload_len);
	json_put_time(&j, "submitted_at", info->submitted_ms);
	return json_print(&j);
}

static int
print_one(const struct options *opts, struct reapq_client *client, size_t i)
{
	struct look look;
	int rc = look_at(opts, client, opts->args[i], &look);

	if (rc != 0)
		return rc;
	if (opts->json) {
		rc = print_json(&look);
	} else {
		if (i > 0)
			(void)putchar('\n');
		if (look.report)
			show_report(look.report, stdout);
		else
			show_task(&look.info, stdout);
	}
	look_free(&look);
	return rc;
}

static int
status_run(const struct options *opts)
{
	struct reapq_client *client;
	struct reapq_error err = REAPQ_ERROR_INIT;
	int status = EXITS_OK;
	int rc;

	if (ref_check(opts->args, opts->args_n, &err) < 0)
		return cmd_misused(&cmd_status, "%s", err.msg);
	rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	if (opts->args_n == 0)
		status = queues_print(client, opts->json);
	for (size_t i = 0; i < opts->args_n && status != EXITS_REAPQ; i++) {
		rc = print_one(opts, client, i);
		if (rc > status)
			status = rc;
	}
	reapq_client_free(client);
	rc = say_flush();
	return rc > status ? rc : status;
}

const struct cmd cmd_status = {
    .name = "status",
    .usage = "[ID...]",
    .summary = "Show what is queued, running and ended; or tasks in full",
    .details = "Without an id, what `reapq queues` shows.\n\n"
	       "Exit status: 0; 1 a task is not known; 125 reapq failed; 2 bad usage.",
    .groups = FLAGS_JSON,
    .style = OPTIONS_ANYWHERE,
    .run = status_run,
};
