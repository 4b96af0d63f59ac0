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
#include "exits.h"
#include "follow.h"
#include "json.h"
#include "pump.h"
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

struct wait {
	const struct options *opts;
	struct pump pump;
	struct reapq_set *set;
	struct reapq_future **futures; /* opts->args_n; NULL: there is no such task */
	int status;                    /* of what has been printed */
};

static void
say_open(const struct wait *w, const char *what)
{
	char name[REF_MAX];

	for (size_t i = 0; i < w->opts->args_n; i++) {
		const struct reapq_future *future = w->futures[i];

		if (future && !reapq_future_done(future))
			say_line("%s %s",
			    ref_format(reapq_future_queue(future),
				reapq_future_id(future), name),
			    what);
	}
}

static int
say_timeout(const struct wait *w)
{
	if (patience_away(&w->pump.patience)) {
		say_open(w, "may have ended or not: Redis is away");
		return EXITS_REAPQ;
	}
	say_open(w, "has not ended");
	return EXITS_TIME;
}

/* Prints what has ended. 0: all have; ETIMEDOUT: not all; or an exit status. */
static int
print_ended(struct wait *w)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_future *future;
	int rc;

	while ((rc = reapq_set_next(w->set, 0, &future, &err)) == 0) {
		const struct reapq_report *report = reapq_future_report(future);

		if (report->outcome != REAPQ_RETURNED)
			w->status = EXITS_NOT_ALL;
		rc = print_one(w->opts, report);
		if (rc != 0)
			return rc;
	}
	if (rc == REAPQ_EEMPTY)
		return 0;
	if (rc == REAPQ_ETIMEDOUT)
		return rc;
	say_error(&err);
	return EXITS_REAPQ;
}

static int
wait_all(struct wait *w)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int64_t until =
	    w->opts->timeout_ms < 0 ? -1 : clock_mono_ms() + w->opts->timeout_ms;

	for (;;) {
		int rc = print_ended(w);
		int left = follow_left_ms(until);
		int events;

		if (rc != REAPQ_ETIMEDOUT)
			return rc ? rc : w->status;
		if (left == 0)
			return say_timeout(w);
		rc = pump_turn(&w->pump, -1, left, &events, &err);
		if (rc == REAPQ_ECONN) {
			say_line("%s; of %zu tasks it is not known whether they have "
				 "ended",
			    err.msg, reapq_set_left(w->set));
			return EXITS_REAPQ;
		}
		if (rc < 0) {
			say_error(&err);
			return EXITS_REAPQ;
		}
	}
}

/*
 * An id that is twice on the command line is attached to, and printed, twice. One that
 * is not known is said, and the others are waited for all the same.
 */
static int
attach_all(struct wait *w, struct reapq_client *client, struct reapq_error *err)
{
	for (size_t i = 0; i < w->opts->args_n; i++) {
		struct ref ref;
		int rc = ref_parse(w->opts->args[i], w->opts->queue, &ref, err);

		if (rc < 0)
			return rc;
		rc = reapq_attach(client, ref.queue, ref.id, &w->futures[i], err);
		if (rc == REAPQ_ENOENT) {
			say_line("there is no task %s in queue %s, nor a result of it",
			    ref.id, ref.queue);
			w->status = EXITS_NOT_ALL;
			continue;
		}
		if (rc == 0)
			rc = reapq_set_add(w->set, w->futures[i], err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
wait_with(struct wait *w)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client;
	int rc = connect_open(w->opts, &client);

	if (rc != 0)
		return rc;
	pump_init_plain(&w->pump, client);
	if (reapq_set_new(&w->set, client, &err) < 0 ||
	    attach_all(w, client, &err) < 0) {
		say_error(&err);
		rc = exits_of_error(err.code);
	} else {
		rc = wait_all(w);
	}
	reapq_set_free(w->set);
	for (size_t i = 0; i < w->opts->args_n; i++)
		reapq_future_free(w->futures[i]);
	pump_free(&w->pump);
	reapq_client_free(client);
	return rc;
}

static int
wait_run(const struct options *opts)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct wait w = {.opts = opts};
	int rc;

	if (opts->args_n == 0)
		return cmd_misused(&cmd_wait, "no task id to wait for");
	if (ref_check(opts->args, opts->args_n, &err) < 0)
		return cmd_misused(&cmd_wait, "%s", err.msg);
	w.futures = calloc(opts->args_n, sizeof(struct reapq_future *));
	if (!w.futures) {
		say_line("no memory");
		return EXITS_REAPQ;
	}
	rc = wait_with(&w);
	free(w.futures);
	return rc;
}

const struct cmd cmd_wait = {
    .name = "wait",
    .usage = "ID...",
    .summary = "Wait for tasks; one line each, in the order in which they end",
    .details =
	"A line has the id, outcome, verdict and message, separated by tabs. An id "
	"that\n"
	"is not known has a line on standard error; the others are waited for.\n\n"
	"Exit status: 0 all returned; 1 some did not, or are not known; 124 --timeout\n"
	"ran out; 125 reapq failed; 2 bad usage.",
    .groups = FLAGS_JSON | FLAGS_TIMEOUT,
    .style = OPTIONS_ANYWHERE,
    .run = wait_run,
};
