/*
 * symbolize.h - the helper that names frames, as the worker sees it.
 *
 * Started when it is first needed, asked one question at a time, killed when it takes
 * too long, started again for the next. Names are a comfort: whatever happens to the
 * helper, fn is called, and the record is as good as it was.
 */
#ifndef WORKER_SYMBOLIZE_H
#define WORKER_SYMBOLIZE_H

#include "crash_record.h"
#include <reapq/error.h>
#include <sys/types.h>

struct event_base;
struct symbolize;
struct symbolize_job;

/* The helper is beside the runner, or there will be no names. */
int symbolize_new(struct symbolize **ret_s, struct event_base *base,
    const char *runner_path, struct reapq_error *err);
/* Jobs that wait are forgotten. Kills the helper. */
void symbolize_free(struct symbolize *s);

pid_t symbolize_pid(const struct symbolize *s); /* 0: none now */

/* Fills the names into record's frames, then calls fn, once, within 2 seconds, never
 * from within this call; the record is borrowed until then. NULL: no memory. */
struct symbolize_job *symbolize_start(
    struct symbolize *s, struct crash_record *record, void (*fn)(void *arg), void *arg);
/* fn will not be called. NULL: nothing to do. */
void symbolize_cancel(struct symbolize_job *job);

#endif
