/* target.h - what a task is to run: a command, or a handler with its payload. */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include <reapq/task.h>

#include "buf.h"
#include "options.h"

/*
 * Fills in task->handler, argv and payload from the arguments; what was read for the
 * payload stays in *payload, the caller's. EINVAL is bad usage, ESYS a file that
 * cannot be read, ETOOBIG a payload over the limit.
 */
int target_command(const struct options *opts, struct reapq_task *task,
    struct buf *payload, struct reapq_error *err);
int target_handler(const struct options *opts, struct reapq_task *task,
    struct buf *payload, struct reapq_error *err);

/* A handler's name alone, checked. */
int target_name(const struct options *opts, const char *name, struct reapq_error *err);

#endif
