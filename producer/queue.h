/*
 * queue.h - one queue that this client has used: its keys, its futures, its timers.
 *
 * A queue lives as long as its client, so that requests may have it as their argument.
 */
#ifndef PRODUCER_QUEUE_H
#define PRODUCER_QUEUE_H

#include "future.h"
#include "keys.h"
#include <stdbool.h>

struct conn;

struct queue {
	struct queue *next;
	struct reapq_client *client;
	struct future_list watched; /* the longest unlooked-after first */
	struct future_list missing; /* had no record at the last look */
	size_t watched_n;           /* in either */
	size_t open_n;              /* pending futures, watched or not */
	int64_t alive_ms;    /* boot clock: the alive key was last sent; 0: never */
	int64_t ticked_ms;   /* boot clock */
	bool alive_seen;     /* an answer to the first one has come */
	bool ticking, heard; /* heard: the blocking wait covers it */
	char name[REAPQ_ID_MAX + 1];
	char base[KEYS_MAX], notify[KEYS_MAX], alive[KEYS_MAX];
};

/* Finds or makes it. name NULL: "default". EINVAL: no valid name. */
int queue_get(struct queue **ret_queue, struct reapq_client *client, const char *name,
    struct reapq_error *err);

/* NULL: no such queue in use with that reply list. */
struct queue *queue_by_notify(struct reapq_client *client, const char *key, size_t len);

/* Tells Redis that this producer listens, if it was not told for 10 s; on conn, so that
 * it comes before what is sent there next. bulk has it sent whenever it is used. */
void queue_announce(struct queue *queue, struct conn *conn);

void queue_free_all(struct reapq_client *client);

#endif
