/*
 * cmd_submit.c - `reapq submit`: stores a task and prints its id.
 *
 * The id is on standard output only once Redis has the task; it is there too when the
 * durability that was asked for could not be confirmed, which is a failure.
 */
#include "cmd.h"

#include <stdio.h>

#include "connect.h"
#include "exits.h"
#include "ref.h"
#include "say.h"
#include "target.h"

static int
submit_with(const struct options *opts, const struct reapq_task *task)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client;
	struct reapq_future *future;
	char name[REF_MAX];
	int rc = connect_open(opts, &client);

	if (rc != 0)
		return rc;
	rc = reapq_submit(client, task, &future, &err);
	if (rc < 0) {
		say_error(&err);
		rc = exits_of_error(err.code);
	}
	/* One that is not confirmed is there all the same: whoever called knows its id. */
	if (rc == 0 || err.code == REAPQ_EUNCONFIRMED) {
		int flushed;

		(void)puts(ref_format(
		    reapq_future_queue(future), reapq_future_id(future), name));
		flushed = say_flush();
		rc = rc ? rc : flushed;
		if (opts->verbose && reapq_future_joined(future))
			say_line("joined a task that was there already");
		reapq_future_free(future);
	}
	reapq_client_free(client);
	return rc;
}

static int
submit(const struct options *opts)
{
	struct reapq_task task = opts->task;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct buf payload = {0};
	int rc = opts->command ? target_command(opts, &task, &payload, &err)
			       : target_handler(opts, &task, &payload, &err);

	if (rc == REAPQ_EINVAL) {
		rc = cmd_misused(&cmd_submit, "%s", err.msg);
	} else if (rc < 0) {
		say_error(&err);
		rc = EXITS_REAPQ;
	} else {
		rc = submit_with(opts, &task);
	}
	buf_free(&payload);
	return rc;
}

const struct cmd cmd_submit = {
    .name = "submit",
    .usage = "(HANDLER [PAYLOAD] | -- COMMAND [ARG]...)",
    .summary = "Submit a task, print its id, don't wait",
    .details = "PAYLOAD - reads standard input. `reapq wait ID` waits for the task.",
    .groups = FLAGS_LIMITS | FLAGS_POLICY | FLAGS_ID | FLAGS_EXEC | FLAGS_PAYLOAD |
	      FLAGS_STDIN | FLAGS_VERBOSE,
    .style = OPTIONS_ANYWHERE,
    .run = submit,
};
