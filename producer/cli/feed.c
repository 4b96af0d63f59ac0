/*
 * feed.c - from lines to stored tasks, a batch a round trip.
 *
 * Invariants: at most opts->window items are open or ready at any time, so that
 * memory is bounded however long the input is; a batch is never stored twice, as
 * its ids stay the same when it has to be sent again.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "follow.h"
#include "say.h"

enum {
	RETRY_MS = 200
};

static bool
has_room(const struct feed *f)
{
	return f->open.n + f->ready_n < (size_t)f->opts->window;
}

static bool
has_line(const struct feed *f)
{
	return f->lines.from < f->lines.data.len &&
	       (f->lines.ended || f->lines.seen < f->lines.data.len);
}

bool
feed_is_hungry(const struct feed *f)
{
	return !f->closed && !f->lines.ended && has_room(f) &&
	       f->ready_n < FEED_BATCH && !has_line(f);
}

bool
feed_is_done(const struct feed *f)
{
	return f->closed || (f->lines.ended && f->ready_n == 0 && !f->partial &&
				f->lines.from == f->lines.data.len);
}

int
feed_wait_ms(const struct feed *f)
{
	return !f->closed && f->ready_n > 0 && f->retry_ms ? follow_left_ms(f->retry_ms)
							   : -1;
}

/* The item that is being filled is complete: it gets its command. */
static int
make_ready(struct feed *f, struct reapq_error *err)
{
	struct item *item = f->partial;

	if (!f->handler) {
		int rc = template_expand(
		    &f->template, item->text.data, item->text.len, &item->argv, err);

		if (rc < 0)
			return rc;
	}
	item->number = f->made++;
	f->ready[f->ready_n++] = item;
	f->partial = NULL;
	return 0;
}

static int
fill(struct feed *f, struct reapq_error *err)
{
	size_t chunk = f->opts->chunk ? (size_t)f->opts->chunk : 1;
	const char *line;
	size_t len;
	int rc = 0;

	while (rc == 0 && f->ready_n < FEED_BATCH && has_room(f) &&
	       lines_next(&f->lines, &line, &len)) {
		if (!f->partial)
			f->partial = item_new();
		if (!f->partial || item_add_line(f->partial, line, len) < 0)
			return error_set(err, REAPQ_ENOMEM, "no memory for the input");
		if (f->partial->lines == chunk)
			rc = make_ready(f, err);
	}
	if (rc == 0 && f->partial && f->lines.ended && !has_line(f) &&
	    f->ready_n < FEED_BATCH)
		rc = make_ready(f, err);
	return rc;
}

static struct reapq_task
task_of(const struct feed *f, struct item *item)
{
	struct reapq_task task = f->opts->task;

	task.id = item->id;
	task.user = item;
	if (f->handler) {
		task.handler = f->handler;
		task.payload = item->text.data;
		task.payload_len = item->text.len;
	} else {
		task.handler = REAPQ_HANDLER_EXEC;
		task.argv = item->argv;
	}
	return task;
}

/* What Redis has moves to the open items; the rest stays ready, in order. */
static int
sort_out(struct feed *f, struct reapq_future *const *futures, size_t *ret_stored,
    struct reapq_error *err)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; i < f->ready_n; i++) {
		struct item *item = f->ready[i];

		if (!futures[i]) {
			f->ready[kept++] = item;
			continue;
		}
		item->future = futures[i];
		free(item->argv);
		item->argv = NULL;
		item_insert(&f->open, item);
		f->submitted++;
		(*ret_stored)++;
		if (rc == 0)
			rc = reapq_set_add(f->set, item->future, err);
	}
	f->ready_n = kept;
	return rc;
}

/* Whether a refused batch is worth another try, and when. */
static int
put_off(struct feed *f, size_t stored, struct reapq_error *err)
{
	struct reapq_error refused = *err;

	f->closed = err->code == REAPQ_EDRAINING;
	if (err->code != REAPQ_ECONN && err->code != REAPQ_EFULL)
		return err->code;
	/* A full queue takes them in ones and twos: whole batches would be sent in vain. */
	if (err->code == REAPQ_EFULL)
		f->burst = stored > 0 ? stored : 1;
	if (err->code == REAPQ_EFULL && f->open.n == 0 && !f->told_full) {
		say_line("%s; waiting for room", err->msg);
		f->told_full = true;
	}
	if (err->code == REAPQ_ECONN && patience_fail(f->patience, &refused, err) < 0)
		return REAPQ_ECONN;
	f->retry_ms = clock_mono_ms() + RETRY_MS;
	return 0;
}

int
feed_more(struct feed *f, size_t *ret_stored, struct reapq_error *err)
{
	struct reapq_task tasks[FEED_BATCH];
	struct reapq_future *futures[FEED_BATCH] = {NULL};
	struct reapq_error refused = REAPQ_ERROR_INIT;
	size_t n;
	int submitted, rc;

	*ret_stored = 0;
	if (f->closed)
		return 0;
	rc = fill(f, err);
	if (rc < 0 || f->ready_n == 0)
		return rc;
	if (f->retry_ms && follow_left_ms(f->retry_ms) > 0)
		return 0;
	/* It would hold up all else for as long as a call may take. */
	if (patience_away(f->patience)) {
		f->retry_ms = clock_mono_ms() + RETRY_MS;
		return 0;
	}
	n = f->burst && f->burst < f->ready_n ? f->burst : f->ready_n;
	for (size_t i = 0; i < n; i++)
		tasks[i] = task_of(f, f->ready[i]);
	submitted = reapq_submit_many(f->client, tasks, n, futures, &refused);
	rc = sort_out(f, futures, ret_stored, err);
	if (rc < 0)
		return rc;
	f->retry_ms = 0;
	if (submitted == REAPQ_EUNCONFIRMED && !f->told_unconfirmed) {
		say_error(&refused);
		f->told_unconfirmed = true;
	}
	if (submitted == 0 || submitted == REAPQ_EUNCONFIRMED) {
		patience_answered(f->patience);
		f->burst = f->burst < FEED_BATCH ? 2 * f->burst : 0;
		return 0;
	}
	rc = put_off(f, *ret_stored, &refused);
	if (rc < 0 && err)
		*err = refused;
	return rc;
}

void
feed_ended(struct feed *f)
{
	if (f->burst)
		f->retry_ms = 0;
}

void
feed_free(struct feed *f)
{
	while (f->open.first) {
		struct item *item = f->open.first;

		item_remove(&f->open, item);
		item_free(item);
	}
	for (size_t i = 0; i < f->ready_n; i++)
		item_free(f->ready[i]);
	item_free(f->partial);
	lines_free(&f->lines);
}
