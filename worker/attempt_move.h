/*
 * attempt_move.h - a task that ran out of memory goes on in another queue.
 *
 * The two queues may be in different slots of a cluster, so no script sees both: a copy is
 * submitted there under the same id, then the original ends with a report that says where
 * it went. Whoever dies between the two: the original runs again, and its copy is joined.
 */
#ifndef WORKER_ATTEMPT_MOVE_H
#define WORKER_ATTEMPT_MOVE_H

#include "attempt.h"

/* True: under way; fn is called once, later, and a->moved_to says whether it worked. False:
 * it is to stay, or that was tried already. */
bool attempt_move_begin(struct attempt *a, void (*fn)(struct attempt *a));
/* The attempt goes away. */
void attempt_move_forget(struct attempt *a);

#endif
