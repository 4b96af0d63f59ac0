/*
 * move.h - a future follows its task to another queue.
 *
 * A task that ran out of memory may go on elsewhere, under the same id; the report of its
 * end says where. The future is then one of that queue, as if it had been attached there.
 */
#ifndef PRODUCER_MOVE_H
#define PRODUCER_MOVE_H

#include "future.h"

/* True: the report says that it went on, and the future follows; the report and what is in
 * the future's box are taken over. False: it is the end. */
bool move_follow(struct reapq_future *future, struct reapq_report *report);

/* Puts the attempts in earlier queues before those of the future's report. */
void move_join_attempts(struct reapq_future *future);

void move_free(struct reapq_future *future);

#endif
