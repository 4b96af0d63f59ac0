/*
 * lookup.h - the pending futures of a client by queue and id: a chained hash table.
 *
 * Several futures may have one id. A table that can't grow gets slower, never wrong.
 */
#ifndef PRODUCER_LOOKUP_H
#define PRODUCER_LOOKUP_H

#include "future.h"
#include <stddef.h>
#include <stdint.h>

struct lookup {
	struct future_chain *chains;
	size_t chain_count; /* a power of two, or 0 */
	size_t used;
};

int lookup_add(struct lookup *l, struct reapq_future *future, struct reapq_error *err);
void lookup_remove(struct lookup *l, struct reapq_future *future);
/* Each future with that queue and id, in turn: after NULL is the first. The id's bytes
 * may be anything. */
struct reapq_future *lookup_next(const struct lookup *l, const struct queue *queue,
    const char *id, size_t id_len, const struct reapq_future *after);
void lookup_free(struct lookup *l);

#endif
