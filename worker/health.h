/*
 * health.h - answers `reapq-worker --health` from the running worker.
 *
 * On an abstract Unix socket named after the PID namespace and the process: nothing on
 * disk, so a read-only root will do and nothing is left behind by a worker that died.
 */
#ifndef WORKER_HEALTH_H
#define WORKER_HEALTH_H

#include "health_facts.h"
#include <reapq/error.h>

struct health;
struct event_base;

/* facts is asked anew for each answer. */
int health_new(struct health **ret_h, struct event_base *base,
    void (*facts)(struct health_facts *ret_f, void *arg), void *arg,
    struct reapq_error *err);
void health_free(struct health *h);

/* The inode of our PID namespace, of which the socket's name is made. */
int health_namespace(uint64_t *ret_ns, struct reapq_error *err);

#endif
