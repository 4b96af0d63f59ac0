/*
 * look.c - reads one task's state, and its report if there is one.
 *
 * A task may end, or its result expire, between the two reads; the second read is
 * what counts then.
 */
#include "look.h"

#include "exits.h"
#include "ref.h"
#include "say.h"
#include <stdio.h>
#include <string.h>

/* A result that is there comes with the first answers; more time is for big ones. */
enum {
	REPORT_WAIT_MS = 10000,
	GLANCE_MS = 50
};

static int
said(const struct ref *ref, const struct reapq_error *err)
{
	if (err->code == REAPQ_ENOENT) {
		say_line("there is no task %s in queue %s; results are kept for "
			 "--result-ttl (1h)",
		    ref->id, ref->queue);
		return EXITS_NOT_ALL;
	}
	say_error(err);
	return exits_of_error(err->code);
}

/* The result is gone, but what failed is kept for longer. */
static int
look_dead(struct reapq_client *client, const struct ref *ref, struct look *ret_look)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct look look = {.info = {.state = REAPQ_STATE_ENDED}};

	if (reapq_dead_look(client, ref->queue, ref->id, &look.dead, &err) < 0)
		return said(ref, &err);
	look.report = reapq_dead_report(look.dead);
	if (!look.report) {
		say_line("task %s is on the dead list, without a report that can be "
			 "read: %s",
		    ref->id, reapq_dead_info(look.dead)->message);
		look_free(&look);
		return EXITS_NOT_ALL;
	}
	*ret_look = look;
	return 0;
}

/* Waits for the report of a task that has ended, or has gone on in another queue: then
 * *ret_moved, and ref is changed. */
static int
read_report(struct reapq_client *client, struct ref *ref, struct look *look,
    bool *ret_moved, struct reapq_error *err)
{
	int rc = reapq_attach(client, ref->queue, ref->id, &look->future, err);

	*ret_moved = false;
	for (int ms = 0; rc == 0 && ms < REPORT_WAIT_MS; ms += GLANCE_MS) {
		const char *queue;

		rc = reapq_future_wait(look->future, GLANCE_MS, err);
		if (rc == 0) {
			look->report = reapq_future_report(look->future);
			return 0;
		}
		queue = reapq_future_queue(look->future);
		if (strcmp(queue, ref->queue) != 0) {
			snprintf(ref->queue, sizeof(ref->queue), "%s", queue);
			*ret_moved = true;
			reapq_future_free(look->future);
			look->future = NULL;
			return 0;
		}
		if (rc == REAPQ_ETIMEDOUT && ms + GLANCE_MS < REPORT_WAIT_MS)
			rc = 0;
	}
	reapq_future_free(look->future);
	look->future = NULL;
	return rc;
}

int
look_at(const struct options *opts, struct reapq_client *client, const char *text,
    struct look *ret_look)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct look look = {0};
	struct ref ref;
	bool moved;

	if (ref_parse(text, opts->queue, &ref, &err) < 0) {
		say_error(&err);
		return EXITS_USAGE;
	}
	do {
		moved = false;
		if (reapq_task_look(client, ref.queue, ref.id, &look.info, &err) < 0)
			return err.code == REAPQ_ENOENT
				   ? look_dead(client, &ref, ret_look)
				   : said(&ref, &err);
		if (look.info.state == REAPQ_STATE_ENDED &&
		    read_report(client, &ref, &look, &moved, &err) < 0)
			return said(&ref, &err);
	} while (moved);
	*ret_look = look;
	return 0;
}

void
look_free(struct look *look)
{
	reapq_future_free(look->future);
	reapq_dead_free(look->dead);
	*look = (struct look){0};
}
