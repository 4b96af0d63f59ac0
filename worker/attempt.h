/*
 * attempt.h - one attempt: from the claim to Redis's yes to its report.
 *
 * Life: WAITING for a warm child; RUNNING; SWEEPING up what its child left behind;
 * NAMING the frames of its backtrace, if it left one; REPORTING until Redis has answered; then on_closed is called and it is freed. Each state
 * change of a task logs one line with task=ID.
 */
#ifndef WORKER_ATTEMPT_H
#define WORKER_ATTEMPT_H

#include "buf.h"
#include "child.h"
#include "config.h"
#include "isolation.h"
#include "judge.h"
#include "leftovers.h"
#include "outbox.h"
#include "sandbox.h"
#include "symbolize.h"
#include "wire.h"
#include <sys/queue.h>

#define ATTEMPT_LOG_LINES 200 /* of one attempt */

enum attempt_state {
	ATTEMPT_WAITING,
	ATTEMPT_RUNNING,
	ATTEMPT_SWEEPING,
	ATTEMPT_NAMING,
	ATTEMPT_REPORTING
};

struct attempt;
struct conn;

/* What all attempts of a worker share; borrowed. */
struct attempt_env {
	struct event_base *base;
	const struct config *config;
	struct runner_proc *runner;
	struct outbox *outbox;
	struct symbolize *symbolize;
	struct isolation *isolation;
	struct sandbox *sandbox; /* NULL: none */
	struct conn *main, *big;
	const char *worker_id, *host;
	void (*on_slot_free)(void *arg); /* its child is gone */
	void (*on_closed)(struct attempt *a, void *arg);
	void (*on_wants_child)(void *arg); /* its child died before it had the task */
	void *arg;
};

/* What claim.lua gave. */
struct attempt_claim {
	const char *queue; /* one of the config's, outlives the attempt */
	const char *id, *token;
	int attempt, lost, failed;
	const void *message;
	size_t message_len;
};

struct attempt {
	TAILQ_ENTRY(attempt) link;
	const struct attempt_env *env;
	enum attempt_state state;
	const char *queue;
	char id[REAPQ_ID_MAX + 1];
	char token[REAPQ_ID_MAX + 24];
	int number, failed;
	struct wire_box box;
	struct wire_task task;
	struct reapq_limits limits; /* in force */
	struct child *child;
	uint32_t uid;                /* the child's own; 0: none */
	struct isolation_slot *slot; /* its child's cgroup, NULL: this tier has none */
	struct attempt_watch *watch; /* NULL: the kernel does it all */
	struct event *ev_timer;      /* time limit, then the kill, then the sweep */
	int64_t started_ms;          /* monotonic; 0: it has not */
	int64_t started_wall_ms, ended_wall_ms;
	struct judge_evidence evidence;
	struct buf result, text; /* text: error or refusal */
	char intent_text[128];
	char hardening[SANDBOX_WORDS_MAX]; /* of its child; "" */
	bool signalled;                    /* a signal of ours has gone out */
	int64_t ask_until_ms;              /* asked where it is, and waiting; 0: not */
	struct crash_record *crash;        /* NULL: none was wanted */
	struct symbolize_job *naming;      /* while NAMING */
	int64_t log_lines;
	int64_t sweep_until_ms;
	struct leftovers leftovers;
	void (*on_moved)(struct attempt *a); /* a move to another queue was begun */
	int64_t move_now_ms;                 /* Redis's clock then */
	const char *moved_to;                /* NULL: it stays; in box */
	bool buried; /* the message could not be read: to the dead list */
	struct judge_finding finding;
};

TAILQ_HEAD(attempt_list, attempt);

/* A bad message is no error: the attempt goes on to report it. ENOMEM only. */
int attempt_new(struct attempt **ret_a, const struct attempt_env *env,
    const struct attempt_claim *claim, struct reapq_error *err);
/* Kills its child if it has one; reports nothing. */
void attempt_free(struct attempt *a);

/* WAITING and not refused: wants a child. */
bool attempt_wants_child(const struct attempt *a);
/* Takes the child over. */
void attempt_start(struct attempt *a, struct child *c);
/* For one that attempt_new found to be unfit: reports it. */
void attempt_refuse(struct attempt *a);

/* Tells its child to stop: SIGTERM, after the kill grace SIGKILL (now: at once). While
 * WAITING it ends without having run. The first intent stays. */
void attempt_stop(
    struct attempt *a, enum judge_intent intent, const char *text, bool now);

/* Holds a slot: WAITING, RUNNING, SWEEPING, NAMING. */
bool attempt_holds_slot(const struct attempt *a);

#endif
