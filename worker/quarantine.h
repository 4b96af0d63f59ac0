/*
 * quarantine.h - a task that lost its worker runs alone: when to make room for it.
 *
 * Such a task, a suspect, may be what killed its worker. It waits in a lane of its own and
 * is given only to a worker that runs nothing, one at a time, with nothing beside it. A
 * worker that is never idle makes itself so: after a while it reserves the lane of one
 * queue and claims nothing until its attempts have ended, but not for ever.
 */
#ifndef WORKER_QUARANTINE_H
#define WORKER_QUARANTINE_H

#include "config.h"

struct quarantine_lane {
	int64_t since_ms; /* suspects wait, as a claim said first then; 0: none do */
	int64_t rest_ms;  /* no reservation before */
	int64_t hold_ms;  /* how long the next one keeps the worker clear */
};

struct quarantine {
	const struct config *config;
	struct quarantine_lane lanes[CONFIG_QUEUES_MAX];
	int reserved;     /* queue whose lane is ours, -1: none */
	int64_t until_ms; /* the end of that */
	bool alone;       /* a suspect runs */
};

/* What claim.lua says beside tasks. */
enum quarantine_code {
	QUARANTINE_WAIT = -2,    /* suspects wait */
	QUARANTINE_RESERVED = -3 /* keep clear for them */
};

void quarantine_init(struct quarantine *q, const struct config *config);

/* The only queue to be asked, -1: all. */
int quarantine_only(const struct quarantine *q);
/* For how long a claim shall reserve the lane, 0: not at all. */
int64_t quarantine_reserve_ms(struct quarantine *q, int queue, int64_t now_ms);
/* What the claim answered, and whether it brought a suspect. */
void quarantine_answer(
    struct quarantine *q, int queue, int64_t code, bool suspect, int64_t now_ms);

#endif
