/*
 * slots.h - the attempts of this worker, and the slots that they hold.
 */
#ifndef WORKER_SLOTS_H
#define WORKER_SLOTS_H

#include "attempt.h"
#include "pool.h"
#include "quarantine.h"

struct slots_options {
	const struct config *config;
	struct pool *pool;
	struct quarantine *quarantine;
	bool (*draining)(void *arg);
	void (*on_room)(void *arg);  /* a slot came free, or a report was taken */
	void (*on_ended)(void *arg); /* an attempt is over and gone */
	void *arg;
};

struct slots {
	struct slots_options opts;
	struct attempt_env env; /* filled in by the supervisor, but for its callbacks */
	struct attempt_list attempts;
	int busy;     /* attempts that hold a slot */
	int64_t done; /* those that did, since the start */
};

/* Zeroed before. opts is copied, and so is env. */
void slots_init(
    struct slots *s, const struct slots_options *opts, const struct attempt_env *env);
/* Kills the children of all attempts; reports nothing. */
void slots_free(struct slots *s);

/* Nothing runs, and every report is with Redis: nobody would be hurt by our death. */
bool slots_idle(const struct slots *s);
int slots_room(const struct slots *s);
/* Is this the pid of an attempt's child? */
bool slots_own(const struct slots *s, pid_t pid);

void slots_take(struct slots *s, const struct attempt_claim *claim);
/* Warm children have come: those that wait for one start. */
void slots_start(struct slots *s);
void slots_stop(struct slots *s, bool now);

#endif
