/* dispatch.h - a task to the bytes that a warm child, or reapq-repro, waits for. Pure. */
#ifndef CORE_DISPATCH_H
#define CORE_DISPATCH_H

#include "wire.h"

/* malloc'ed; NULL and ENOMEM, or ETOOBIG when its strings pass 4 GiB. */
void *dispatch_encode(const struct wire_task *task, const char *queue, int attempt,
    const struct reapq_limits *limits, size_t *ret_len, struct reapq_error *err);

#endif
