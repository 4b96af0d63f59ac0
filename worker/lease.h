/*
 * lease.h - keeps what this worker has claimed its own, and learns what is not any more.
 *
 * A heartbeat every third of the lease renews all leases of a queue in one call and says
 * that the worker is there; its answer names tasks that are to be cancelled and those that
 * are somebody else's by now. Every second (20 % jitter) it also runs the tick, by which
 * any worker recovers what another one lost.
 */
#ifndef WORKER_LEASE_H
#define WORKER_LEASE_H

#include "attempt.h"
#include "config.h"

struct fetch;
struct lease;
struct conn;

struct lease_options {
	const struct config *config;
	const char *worker_id, *host, *isolation, *hardening;
	struct conn *conn; /* borrowed */
	const struct attempt_list *attempts;
	struct runner_proc *runner;
	int64_t started_wall_ms;
	const int64_t *tasks_done;
	const struct fetch *fetch;
	void *arg;
};

int lease_new(struct lease **ret_l, struct event_base *base,
    const struct lease_options *opts, struct reapq_error *err);
void lease_free(struct lease *l);

/* A heartbeat for this queue now (NULL: for all). */
void lease_beat(struct lease *l, const char *queue);

/* Takes the worker out of the registry; the last thing it says. */
void lease_farewell(struct lease *l);

#endif
