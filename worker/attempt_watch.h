/*
 * attempt_watch.h - looks at what a task's processes use, where no kernel limit does.
 *
 * Memory where the tier has no memory controller; CPU time of the whole tree where a
 * cgroup counts it. Over the limit: the intent is noted, then SIGKILL.
 */
#ifndef WORKER_ATTEMPT_WATCH_H
#define WORKER_ATTEMPT_WATCH_H

#include "attempt.h"

struct attempt_watch;

/* For an attempt that has just started; makes a->watch if there is anything to watch. */
void attempt_watch_start(struct attempt *a);
void attempt_watch_free(struct attempt_watch *w);

#endif
