/*
 * fetch.h - takes tasks from the queues, never more than there are free slots.
 *
 * A claim is a script that changes state; the blocking pop is only a bell. Claims go out
 * one at a time, over the queues in order of priority. While slots are free and nothing
 * was found it waits at the bell (at most 2 s, then looks again); while all are busy it
 * listens for hints about its own tasks alone. So it does while it keeps clear for a
 * suspect (quarantine.h), but goes on to claim, which renews its reservation.
 */
#ifndef WORKER_FETCH_H
#define WORKER_FETCH_H

#include "attempt.h"
#include "config.h"

struct fetch;
struct conn;
struct quarantine;

struct fetch_options {
	const struct config *config;
	const char *worker_id;
	struct conn *claims;           /* borrowed; for the claims alone */
	struct conn *bell;             /* borrowed; for the blocking pop alone */
	struct quarantine *quarantine; /* borrowed */
	int (*free_slots)(void *arg);
	bool (*is_idle)(void *arg); /* nothing runs, nothing is unreported */
	void (*on_claim)(const struct attempt_claim *claim, void *arg);
	/* Something is to be learnt about our tasks of this queue: send a heartbeat. */
	void (*on_hint)(const char *queue, void *arg);
	/* After fetch_stop: the claim that was out has its answer. */
	void (*on_stopped)(void *arg);
	void *arg;
};

int fetch_new(struct fetch **ret_f, struct event_base *base,
    const struct fetch_options *opts, struct reapq_error *err);
void fetch_free(struct fetch *f);

/* Slots came free, or the conn came up: claim if there is room. Cheap. */
void fetch_kick(struct fetch *f);
/* No more claims, for ever. Hints still come. */
void fetch_stop(struct fetch *f);
/* A claim is out: tasks may still come. */
bool fetch_claiming(const struct fetch *f);
/* When it last got an answer from Redis, clock_mono_ms(); 0: never. */
int64_t fetch_last_ms(const struct fetch *f);

#endif
