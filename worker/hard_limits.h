/* hard_limits.h - what this process could not give a child if it wanted to. */
#ifndef WORKER_HARD_LIMITS_H
#define WORKER_HARD_LIMITS_H

#include <reapq/task.h>

/* Lowers the ceilings to this process's own hard limits, so that a report never shows a
 * limit that the kernel did not take. */
void hard_limits_lower(struct reapq_limits *ceilings);

#endif
