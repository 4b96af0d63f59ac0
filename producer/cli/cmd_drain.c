/*
 * cmd_drain.c - `reapq drain`: closes a queue, and waits until it is empty.
 *
 * The queue stays closed whatever becomes of this command. What is left is counted by
 * looking again and again: an operator's wait, which no worker is burdened with.
 */
#include "cmd.h"

#include <inttypes.h>
#include <reapq/admin.h>
#include <stdbool.h>
#include <stdio.h>

#include "clock.h"
#include "connect.h"
#include "exits.h"
#include "follow.h"
#include "policy.h"
#include "pump.h"
#include "say.h"

enum {
	LOOK_MS = 200
};

struct drain {
	const struct options *opts;
	const char *queue;
	struct pump pump;
	bool told;
};

static int64_t
queued(const struct reapq_queue_info *q)
{
	return q->queued_high + q->queued_normal + q->queued_low + q->suspect;
}

static void
say_left(const char *why, const struct reapq_queue_info *q)
{
	say_line("%s: %" PRId64 " queued, %" PRId64 " delayed, %" PRId64 " running",
	    why, queued(q), q->delayed, q->running);
}

/* Why it will not end by itself: once. */
static void
say_stuck(struct drain *d, const struct reapq_queue_info *q)
{
	const char *why = NULL;

	if (q->paused)
		why = "the queue is paused, so that nothing starts";
	else if (q->workers == 0)
		why = "the queue has no worker";
	if (!why || d->told)
		return;
	d->told = true;
	say_left(why, q);
}

static int
wait_empty(struct drain *d)
{
	int64_t until =
	    d->opts->timeout_ms < 0 ? -1 : clock_mono_ms() + d->opts->timeout_ms;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_queue_info q;

	for (;;) {
		struct reapq_error why = REAPQ_ERROR_INIT;
		int events, left, rc;

		rc = reapq_queue_look(d->pump.client, d->queue, &q, &why);
		if (rc == REAPQ_ECONN) {
			rc = patience_fail(&d->pump.patience, &why, &err);
		} else if (rc == 0) {
			patience_answered(&d->pump.patience);
			if (queued(&q) == 0 && q.delayed == 0 && q.running == 0)
				return EXITS_OK;
			say_stuck(d, &q);
			left = follow_left_ms(until);
			if (left == 0) {
				say_left(
				    "--timeout ran out; the queue stays closed", &q);
				return EXITS_TIME;
			}
		} else {
			err = why;
		}
		if (rc == 0)
			rc = pump_turn(&d->pump, -1, LOOK_MS, &events, &err);
		if (rc < 0) {
			say_error(&err);
			return EXITS_REAPQ;
		}
	}
}

static int
run(const struct options *opts)
{
	struct drain d = {.opts = opts};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client;
	int rc = policy_queue(&cmd_drain, opts, &d.queue);

	if (rc == 0)
		rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	pump_init_plain(&d.pump, client);
	if (reapq_queue_drain(client, d.queue, &err) < 0) {
		say_error(&err);
		rc = exits_of_error(err.code);
	} else {
		rc = wait_empty(&d);
	}
	pump_free(&d.pump);
	reapq_client_free(client);
	return rc;
}

const struct cmd cmd_drain = {
    .name = "drain",
    .usage = "QUEUE",
    .summary = "Refuse new tasks, and wait until a queue is empty",
    .details =
	"Empty: nothing is queued, delayed or running. The queue stays closed until\n"
	"`reapq resume`, also if this command is interrupted.\n\n"
	"Exit status: 0 it is empty; 124 --timeout ran out; 125 reapq failed; 2 bad "
	"usage.",
    .groups = FLAGS_TIMEOUT,
    .style = OPTIONS_ANYWHERE,
    .run = run,
};
