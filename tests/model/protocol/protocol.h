/*
 * protocol.h - the protocol of docs/protocol.md, small enough to be checked whole.
 *
 * A script is one atomic step. A request is sent until it is answered; that its answer is
 * lost is a fault, and so is a copy of it that the network delivers late (the ghost). Time
 * is what may happen: a lease may end once its worker is dead, stopped or does not know
 * of the task; a delay is over whenever the tick says so.
 *
 * Left out, as nothing but time depends on it: bells, hints, the order within a list,
 * priorities. Abstracted: lists are counts of an id's entries. Where a scene says so, the
 * other work never ends: each claim that may take it is given some.
 */
#ifndef TESTS_PROTOCOL_H
#define TESTS_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TASKS = 2,
	WORKERS = 2,
	PRODUCERS = 2,
	SLOTS = 2,  /* of a worker, for the other work */
	NOBODY = 99 /* has reserved, and is not there any more */
};
enum {
	OTHER_WORK = 1 << 7 /* in what a claim answers */
};
enum lease {
	NO_LEASE,
	VALID,
	OVER,
	OVER_BY_OUTAGE
};
enum report {
	NO_REPORT,
	BY_WORKER,
	LOST,
	CANCELLED,
	EXPIRED
};
enum life {
	UP,
	STOPPED,
	DEAD
};
enum held {
	IDLE,
	CLAIMED,
	RUNNING,
	TO_FINISH
};
enum wait {
	NOT_YET,
	SENT,
	OPEN,
	MISSING,
	SETTLED,
	VANISHED,
	GONE
};

/* What a step may still do wrong, a budget each. */
enum fault {
	KILL,
	STOP,
	LOSE,
	GHOST,
	FLUSH,
	OUTAGE,
	CANCEL,
	GIVE_BACK,
	FAIL,
	EXPIRE_RESULT,
	PRODUCER_DIES,
	ROLLBACK,
	MORE_MEMORY,
	PAUSE,
	FAULTS
};

/* All bytes, so that there is no padding. */
struct task {
	/* t:ID: state 0, P, D or R; token; attempts, losses, failures; cancel asked */
	uint8_t s, worker, seq, a, lo, nf, x;
	uint8_t more;        /* history: attempts with more memory */
	uint8_t r;           /* r:ID: an enum report */
	uint8_t in_p, in_ps; /* entries on the lists */
	uint8_t in_d, in_x, lease;
	/* What no script sees: the history that the invariants are about. */
	uint8_t late;  /* its deadline has passed */
	uint8_t grant; /* how often it was given out or taken back */
	uint8_t accepted, ends, starts, expired, tombstone; /* since the last flush */
	uint8_t ever;                                       /* starts, flushes or not */
};

struct last {
	uint8_t seq, ids; /* lc:WID; ids: a bit for each task */
};

struct held_task {
	uint8_t state, seq, grant, mode, history, suspect;
};

struct worker {
	uint8_t life, seq, claiming;
	uint8_t others; /* other work that it runs */
	struct held_task held[TASKS];
};

struct waiter {
	uint8_t state, kept, stale;
};

struct ghost {
	uint8_t kind, worker, task, seq, mode, grant; /* kind: s, c, f or 0 */
	uint8_t history;
};

/* What a Redis that loses its last second comes back with. */
struct saved {
	uint8_t is;
	struct task t[TASKS];
	struct last last[WORKERS];
	uint8_t unique;
};

struct state {
	struct task t[TASKS];
	struct last last[WORKERS];
	uint8_t unique;     /* u:KEY: task + 1 */
	uint8_t paused, qr; /* qr: worker + 1, or NOBODY */
	uint8_t gap, grace; /* nobody ticked lately; the tick's grace */
	uint8_t lost_all;   /* history: Redis was flushed, or went back */
	struct worker w[WORKERS];
	struct waiter f[PRODUCERS][TASKS];
	struct ghost ghost;
	struct saved saved;
	uint8_t budget[FAULTS];
};

enum bug {
	NO_BUG,
	FINISH_TOKEN,
	RESULT_FIRST,
	CLAIM_NOT_REPEATED,
	REPEAT_UNCHECKED,
	REPEAT_NOT_RENEWED,
	OLD_CLAIM,
	EMPTY_CLAIM,
	NO_GRACE,
	TICK_KEEPS_LEASE,
	COUNTED_AT_END,
	RECORD_KEPT,
	SUBMIT_ID,
	LOSS_BUDGET,
	TRY_BUDGET,
	GIVEN_BACK_COUNTED,
	CLAIM_STATE,
	ONCE_STOPPED_AGAIN,
	CANCEL_FORGOTTEN,
	CANCEL_LEAVES_DELAYED,
	UNIQUE_KEPT,
	RESULT_TTL,
	ONCE_KEPT,
	NEVER_VANISHES,
	NO_EXPIRY,
	SUSPECT_WITH_OTHERS,
	PAUSED_STARTS,
	PAUSED_KEEPS,
	NO_RESERVATION,
	RESERVED_FOR_EVER,
	RESERVED_TAKES,
	BUGS
};

/* What is checked: fixed for a run. */
struct scene {
	const char *name;
	uint8_t tasks, workers;
	uint8_t max_fail, max_lost;
	bool unique; /* both tasks want the same key */
	bool deadline, delay;
	bool endless;  /* there is always other work, before all suspects */
	bool for_good; /* who pauses the queue does not come back */
	bool deep;     /* only on request */
	bool attach;   /* the second producer attaches; else it submits the ids too */
	uint8_t producers;
	uint8_t budget[FAULTS];
};

extern enum bug bug;
extern const struct scene *scene;
extern const struct state *now; /* whose steps are looked for */

/* scripts.c: what one script does. Answers as the script's. */
enum {
	STORED = 1,
	JOINED = 0,
	KEY_HELD = -3
};
int submit(struct state *s, int task);
struct claim {
	int worker, seq, n;
	uint8_t first;             /* whose entry stands before the other's */
	bool hold;                 /* it asks for the reservation */
	bool late_copy, forgotten; /* forgotten: Redis has lost what it knew since */
};
uint8_t claim(struct state *s, struct claim asked);
bool idle(const struct state *s, int worker);
int finish(struct state *s, int task, int worker, int seq, char mode, int grant,
    bool past_deadline);
bool heartbeat(struct state *s, int worker);
void cancel(struct state *s, int task, bool stop_too, bool cheap);
bool tick_recover(struct state *s, int task);
bool tick_promote(struct state *s, int task);
bool tick_expire(struct state *s, int task, bool cheap);
bool tick_grace(struct state *s);

/* invariants.c */
void check_state(const struct state *s);
void check_step(const struct state *old, const struct state *new);

/* actors.c */
void first_state(struct state *s);
void steps(const void *state);
bool all_settled(const void *state);
void emit(const struct state *next, const char *label, int where, bool fault);
bool spend(struct state *s, enum fault fault);
bool knows(const struct state *s, int task);

/* events.c */
void step_time(int task);
void step_tick(int task);
void step_cancel(int task);
void step_redis(void);
void step_rollback(void);
void step_pause(void);
void step_reservation(void);
void step_ghost(void);

#endif
