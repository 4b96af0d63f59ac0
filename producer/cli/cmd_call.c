/*
 * cmd_call.c - `reapq call`: a handler's result on standard output, as it is.
 *
 * A task that did not return says why on standard error, and nothing at all on
 * standard output.
 */
#include "cmd.h"

#include <stdio.h>

#include "connect.h"
#include "exits.h"
#include "follow.h"
#include "json.h"
#include "say.h"
#include "target.h"

static int
print_result(const struct options *opts, const struct reapq_report *report)
{
	if (report->outcome != REAPQ_RETURNED || opts->verbose)
		say_line("%s", report->message);
	if (report->outcome == REAPQ_RETURNED && report->result_len > 0)
		(void)fwrite(report->result, 1, report->result_len, stdout);
	return say_flush();
}

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

static int
call_with(const struct options *opts, const struct reapq_task *task)
{
	struct reapq_client *client;
	struct reapq_future *future;
	int rc = connect_open(opts, &client);

	if (rc != 0)
		return rc;
	rc = follow_task(opts, client, task, &future);
	if (rc == 0) {
		const struct reapq_report *report = reapq_future_report(future);

		rc = opts->json ? print_json(report) : print_result(opts, report);
		rc = rc ? rc : exits_of_call(report);
		reapq_future_free(future);
	}
	reapq_client_free(client);
	return rc;
}

static int
call(const struct options *opts)
{
	struct reapq_task task = opts->task;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct buf payload = {0};
	int rc = target_handler(opts, &task, &payload, &err);

	if (rc == REAPQ_EINVAL) {
		rc = cmd_misused(&cmd_call, "%s", err.msg);
	} else if (rc < 0) {
		say_error(&err);
		rc = EXITS_REAPQ;
	} else {
		rc = call_with(opts, &task);
	}
	buf_free(&payload);
	return rc;
}

const struct cmd cmd_call = {
    .name = "call",
    .usage = "HANDLER [PAYLOAD]",
    .summary = "Submit to a named handler, wait, print the result",
    .details =
	"PAYLOAD - reads standard input; one that begins with a dash stands after --.\n"
	"An interrupt stops the task.\n\n"
	"Exit status: 0 returned; 1 failed; 124 its time limit; 125 reapq failed; 126 "
	"it\n"
	"did not run to an end that has a status; 128+N killed by signal N; 2 bad "
	"usage.",
    .groups = FLAGS_LIMITS | FLAGS_POLICY | FLAGS_ID | FLAGS_PAYLOAD | FLAGS_JSON |
	      FLAGS_TIMEOUT | FLAGS_VERBOSE,
    .style = OPTIONS_ANYWHERE,
    .run = call,
};
