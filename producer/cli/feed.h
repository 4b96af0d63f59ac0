/* feed.h - turns the input of a map into tasks and submits them in batches. */
#ifndef CLI_FEED_H
#define CLI_FEED_H

#include <reapq/producer.h>
#include <stdbool.h>

#include "item.h"
#include "lines.h"
#include "options.h"
#include "patience.h"
#include "template.h"

#define FEED_BATCH 256

struct feed {
	const struct options *opts;
	struct reapq_client *client;
	struct reapq_set *set;
	const char *handler; /* NULL: the template's command */
	struct template template;
	struct lines lines;
	struct item *partial;           /* has fewer lines than a chunk so far */
	struct item *ready[FEED_BATCH]; /* not known to be in Redis yet */
	size_t ready_n;
	struct item_list open; /* in Redis, not taken off the list by the caller */
	int64_t made;          /* items with all their lines */
	int64_t submitted;
	int64_t retry_ms; /* monotonic; 0: nothing went wrong just now */
	size_t burst;     /* at most so many in one call; 0: all. Small after "full" */
	bool told_full, told_unconfirmed;
	bool closed; /* the queue drains: the rest of the input is not submitted */
	struct patience *patience;
};

/* Room for another task, and no line at hand: it is worth reading the input. */
bool feed_is_hungry(const struct feed *f);

/* All the input is in Redis. */
bool feed_is_done(const struct feed *f);

/* Milliseconds until feed_more() has something to do by itself; -1: never. */
int feed_wait_ms(const struct feed *f);

/*
 * Submits as much as there are lines and room for, one batch a call. *ret_stored:
 * how many. When Redis is out of reach or the queue is full, it tries again later;
 * ECONN when there is no more patience. EDRAINING: once, and the feed is done.
 */
int feed_more(struct feed *f, size_t *ret_stored, struct reapq_error *err);

/* A task of ours has ended: there may be room in a queue that was full. */
void feed_ended(struct feed *f);

void feed_free(struct feed *f);

#endif
