/*
 * follow.c - what `run` and `call` share: submit, wait, and pass an interrupt on.
 *
 * A first interrupt stops the task, as it would stop a command in the foreground,
 * and waits for its report; a second one leaves at once. A --timeout leaves the
 * task alone: it says how to come back to it.
 */
#include "follow.h"

#include <stdint.h>

#include "clock.h"
#include "error.h"
#include "exits.h"
#include "pump.h"
#include "ref.h"
#include "say.h"

int
follow_left_ms(int64_t until_ms)
{
	int64_t left;

	if (until_ms < 0)
		return -1;
	left = until_ms - clock_mono_ms();
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

static void
say_lost(const struct reapq_error *err, const char *name)
{
	if (err->code == REAPQ_ECONN)
		say_line("%s; it is not known whether task %s has "
			 "ended",
		    err->msg, name);
	else
		say_error(err);
}

static int
stop(const struct pump *pump, struct reapq_future *future, const char *name)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int rc;

	/* A cancel would wait in vain, and whoever interrupts wants to leave. */
	if (patience_away(&pump->patience)) {
		say_line("interrupted while Redis is away: task %s is not cancelled "
			 "and may still run",
		    name);
		return EXITS_SIGNAL + pump_signal();
	}
	rc = reapq_future_cancel(future, 1, &err);
	if (rc == 0 || rc == REAPQ_ETOOLATE) {
		say_line("interrupted: stopping task %s (again: leave at once)", name);
		return 0;
	}
	say_error(&err);
	say_line("task %s could not be cancelled and may still run", name);
	return EXITS_SIGNAL + pump_signal();
}

static void
say_timeout(const struct pump *pump, const char *name)
{
	if (patience_away(&pump->patience))
		say_line("--timeout ran out while Redis is away; it is not known "
			 "whether task %s has ended: reapq wait %s",
		    name, name);
	else
		say_line(
		    "--timeout ran out; task %s goes on: reapq wait %s", name, name);
}

static int
wait_for(const struct options *opts, struct pump *pump, struct reapq_future *future)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	char name[REF_MAX];
	int64_t until = opts->timeout_ms < 0 ? -1 : clock_mono_ms() + opts->timeout_ms;

	(void)ref_format(reapq_future_queue(future), reapq_future_id(future), name);
	if (opts->verbose)
		say_line("task %s", name);
	while (!reapq_future_done(future)) {
		int left = follow_left_ms(until);
		int events, rc;

		if (left == 0) {
			say_timeout(pump, name);
			return EXITS_REAPQ;
		}
		if (pump_turn(pump, -1, left, &events, &err) < 0) {
			say_lost(&err, name);
			return EXITS_REAPQ;
		}
		if (events & PUMP_SIGNAL) {
			rc = stop(pump, future, name);
			if (rc != 0)
				return rc;
			until = -1;
		}
	}
	return pump_signal() ? EXITS_SIGNAL + pump_signal() : 0;
}

int
follow_task(const struct options *opts, struct reapq_client *client,
    const struct reapq_task *task, struct reapq_future **ret_future)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_future *future = NULL;
	struct pump pump;
	int rc;

	if (pump_init(&pump, client, &err) < 0) {
		say_error(&err);
		return EXITS_REAPQ;
	}
	rc = reapq_submit(client, task, &future, &err);
	if (rc < 0)
		say_error(&err);
	/* Not confirmed: it is there, and its end is what this waits for. */
	if (rc < 0 && rc != REAPQ_EUNCONFIRMED) {
		pump_free(&pump);
		return exits_of_error(err.code);
	}
	rc = wait_for(opts, &pump, future);
	pump_free(&pump);
	if (rc == 0)
		*ret_future = future;
	else
		reapq_future_free(future);
	return rc;
}
