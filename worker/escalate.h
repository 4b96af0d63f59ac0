/*
 * escalate.h - how much more memory a task gets that had too little.
 */
#ifndef WORKER_ESCALATE_H
#define WORKER_ESCALATE_H

#include "wire.h"
#include <stdbool.h>

#define ESCALATE_MAX 10 /* times */

/*
 * Shall a task that ended so be tried again with more memory? in_force is the limit that it
 * had, ceiling the worker's; either may be REAPQ_UNLIMITED. *ret_memory: what to ask for.
 */
bool escalate(const struct wire_task *task, enum reapq_verdict verdict,
    int64_t in_force, int64_t ceiling, int64_t *ret_memory);

#endif
