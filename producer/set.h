/* set.h - what the rest of the library tells a set. */
#ifndef PRODUCER_SET_H
#define PRODUCER_SET_H

#include "future.h"
#include <reapq/producer.h>
#include <stdbool.h>

struct reapq_set {
	struct reapq_client *client; /* NULL: it was freed */
	TAILQ_ENTRY(reapq_set) in_client;
	struct future_list waiting;
	struct future_list done; /* in the order in which they ended */
	size_t left;             /* in either */
	bool *freed;             /* of the wait on it; NULL: none */
};

/* A member is done, or goes away. Both do nothing without a set. */
void set_settled(struct reapq_future *future);
void set_drop(struct reapq_future *future);

#endif
