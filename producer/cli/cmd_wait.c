/*
 * cmd_wait.c - `reapq wait`: one line a task, in the order in which they end.
 *
 * Waiting never changes a task: an interrupt, or the end of --timeout, leaves all
 * of them as they are.
 */
#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "connect.h"
#include "error.h"
#include "exits.h"
#include "follow.h"
#include "json.h"
#include "ref.h"
#include "say.h"
#include "text.h"

static int
print_text(const struct reapq_report *report)
{
	struct buf message = {0};
	const char *shown;
	char name[REF_MAX];

	(void)text_clean(&message, report->message, strlen(report->message));
	shown = buf_str(&message);
	(void)printf("%s\t%s\t%s\t%s\n", ref_format(report->queue, report->id, name),
	    report->outcome_name, report->verdict_name, shown ? shown : "");
	buf_free(&message);
	return 0;
}

static int
print_one(const struct options *opts, const struct reapq_report *report)
{
	struct json j;
	int rc;

	if (opts->json) {
		json_start(&j);
		json_put_report(&j, report);
		rc = json_print(&j);
	} else {
		rc = print_text(report);
	}
	return rc ? rc : say_flush();
}

static void
say_open(struct reapq_future *const *futures, size_t n)
{
	char name[REF_MAX];

	for (size_t i = 0; i < n; i++)
		if (futures[i] && !reapq_future_done(futures[i]))
			say_line("%s has not ended",
			    ref_format(reapq_future_queue(futures[i]),
				reapq_future_id(futures[i]), name));
}

static int
wait_all(const struct options *opts, struct reapq_set *set,
    struct reapq_future *const *futures)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int64_t until = opts->timeout_ms < 0 ? -1 : clock_mono_ms() + opts->timeout_ms;
	int status = EXITS_OK;

	for (;;) {
		struct reapq_future *future;
		int rc = reapq_set_next(set, follow_left_ms(until), &future, &err);

		if (rc == REAPQ_EEMPTY)
			return status;
		if (rc == REAPQ_ETIMEDOUT && until >= 0 && follow_left_ms(until) == 0) {
			say_open(futures, opts->args_n);
			return EXITS_TIME;
		}
		if (rc == REAPQ_ETIMEDOUT)
			continue;
		if (rc < 0) {
			say_error(&err);
			return EXITS_REAPQ;
		}
		rc = print_one(opts, reapq_future_report(future));
		if (rc != 0)
			return rc;
		if (reapq_future_report(future)->outcome != REAPQ_RETURNED)
			status = EXITS_NOT_ALL;
	}
}

/* An id that is twice on the command line is attached to, and printed, twice. */
static int
attach_all(const struct options *opts, struct reapq_client *client,
    struct reapq_set *set, struct reapq_future **futures, struct reapq_error *err)
{
	for (size_t i = 0; i < opts->args_n; i++) {
		struct ref ref;
		int rc = ref_parse(opts->args[i], opts->queue, &ref, err);

		if (rc < 0)
			return rc;
		rc = reapq_attach(client, ref.queue, ref.id, &futures[i], err);
		if (rc == REAPQ_ENOENT)
			return error_set(err, rc,
			    "there is no task %s in queue %s, nor a "
			    "result of it",
			    ref.id, ref.queue);
		if (rc == 0)
			rc = reapq_set_add(set, futures[i], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
wait_with(const struct options *opts, struct reapq_future **futures)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client;
	struct reapq_set *set = NULL;
	int rc = connect_open(opts, &client);

	if (rc != 0)
		return rc;
	if (reapq_set_new(&set, client, &err) < 0 ||
	    attach_all(opts, client, set, futures, &err) < 0) {
		say_error(&err);
		rc =
		    err.code == REAPQ_ENOENT ? EXITS_NOT_ALL : exits_of_error(err.code);
	} else {
		rc = wait_all(opts, set, futures);
	}
	reapq_set_free(set);
	for (size_t i = 0; i < opts->args_n; i++)
		reapq_future_free(futures[i]);
	reapq_client_free(client);
	return rc;
}

static int
wait_run(const struct options *opts)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_future **futures;
	int rc;

	if (opts->args_n == 0)
		return cmd_misused(&cmd_wait, "no task id to wait for");
	if (ref_check(opts->args, opts->args_n, &err) < 0)
		return cmd_misused(&cmd_wait, "%s", err.msg);
	futures = calloc(opts->args_n, sizeof(struct reapq_future *));
	if (!futures) {
		say_line("no memory");
		return EXITS_REAPQ;
	}
	rc = wait_with(opts, futures);
	free(futures);
	return rc;
}

const struct cmd cmd_wait = {
    .name = "wait",
    .usage = "ID...",
    .summary = "Wait for tasks; one line each, in the order in which they end",
    .details =
	"A line has the id, outcome, verdict and message, separated by tabs.\n\n"
	"Exit status: 0 all returned; 1 some did not, or are not known; 124 --timeout\n"
	"ran out; 125 reapq failed; 2 bad usage.",
    .groups = FLAGS_JSON | FLAGS_TIMEOUT,
    .style = OPTIONS_ANYWHERE,
    .run = wait_run,
};
