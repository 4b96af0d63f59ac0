/*
 * reapq/admin.h - look at queues, workers and tasks, as the reapq command does.
 *
 * Every list is an array owned by the caller, freed with its _free function;
 * strings inside live as long as the list. All calls block for a round trip or
 * a few and fail with ECONN or EREDIS.
 */
#ifndef REAPQ_ADMIN_H
#define REAPQ_ADMIN_H

#include <reapq/producer.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the client knows of its connection, without I/O: 0 if it is up, else ECONN, or
 * EREDIS if Redis refuses it, with why. It goes on trying to connect whenever it runs,
 * and its futures stay open: how long to put up with that is the caller's to say.
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_redis_check(
    const struct reapq_client *client, struct reapq_error *err);

/* A count is -1 where what is under the key is of another type. */
struct reapq_queue_info {
	const char *name;
	/* Entries of cancelled tasks count here until a worker passes over them. */
	int64_t queued_high, queued_normal, queued_low;
	int64_t delayed; /* waiting for their time, or for a retry */
	int64_t running;
	int64_t suspect; /* lost their worker once, waiting to run again */
	int64_t dead;    /* failed for good, or unreadable: the dead list */
	int64_t workers; /* with a live heartbeat */
	int paused;      /* -1: as for the counts */
	int draining;    /* takes no new tasks; -1: as for the counts */
	int64_t rate_max,
	    rate_ms;        /* at most so many starts in so many ms; 0: no limit */
	int64_t max_length; /* 0: none */
};

/* All queues that a producer or worker has named, by name. */
REAPQ_API REAPQ_MUST_CHECK int reapq_queue_list(struct reapq_client *client,
    struct reapq_queue_info **ret_list, size_t *ret_n, struct reapq_error *err);
REAPQ_API void reapq_queue_list_free(struct reapq_queue_info *list, size_t n);

/* One queue, whether anybody has named it or not; ret_info->name lives as long as the
 * client. */
REAPQ_API REAPQ_MUST_CHECK int reapq_queue_look(struct reapq_client *client,
    const char *queue, struct reapq_queue_info *ret_info, struct reapq_error *err);

/*
 * What a queue obeys, kept in Redis until it is changed. All of these may be repeated;
 * queue NULL: "default".
 *
 * pause   starts no more tasks; submits, cancels and deadlines go on, as do the running
 * drain   takes no more tasks; what is there goes on. reapq_queue_look() shows when
 *         nothing is queued, suspect, delayed or running any more
 * resume  ends both
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_queue_pause(
    struct reapq_client *client, const char *queue, struct reapq_error *err);
REAPQ_API REAPQ_MUST_CHECK int reapq_queue_drain(
    struct reapq_client *client, const char *queue, struct reapq_error *err);
REAPQ_API REAPQ_MUST_CHECK int reapq_queue_resume(
    struct reapq_client *client, const char *queue, struct reapq_error *err);

#define REAPQ_RATE_MAX 100000       /* starts */
#define REAPQ_RATE_MS_MAX 86400000  /* in that time */
#define REAPQ_LENGTH_MAX 1000000000 /* tasks */

/*
 * At most max attempts start in any per_ms milliseconds, over all workers; max 0: no
 * limit. As many as that may start at once, after a pause for instance.
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_queue_limit_rate(struct reapq_client *client,
    const char *queue, int64_t max, int64_t per_ms, struct reapq_error *err);

/* A submit is refused (EFULL) while that many tasks wait: queued in any priority, delayed,
 * or suspect. 0: no limit. What is given back or tried again is never refused. */
REAPQ_API REAPQ_MUST_CHECK int reapq_queue_limit_length(struct reapq_client *client,
    const char *queue, int64_t max, struct reapq_error *err);

struct reapq_worker_info {
	const char *id, *host, *queues, *isolation, *version;
	const char *handlers; /* names, separated by spaces */
	int64_t pid;
	int64_t slots, busy;
	int64_t tasks_done;   /* attempts ended since it started */
	int64_t started_ms;   /* Unix time */
	int64_t heartbeat_ms; /* Unix time (Redis's clock) of its last heartbeat */
	int64_t fetched_ms; /* Unix time (Redis's clock) when its claims or its wait for
				 tasks were last answered; 0: never, or not known. An old
				 one with a fresh heartbeat: it is up, but takes nothing */
	int alive;          /* its lease has not ended */
	const char *hardening; /* what more its tasks are locked into; "" for nothing */
};

/*
 * The workers of one queue, or of all (queue NULL), by id; dead ones for 1 h. A queue
 * whose registry can't be read is left out: the call then returns 0, and err->code is
 * not 0 and err->msg names the queue. It fails if no queue's can be read.
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_worker_list(struct reapq_client *client,
    const char *queue, struct reapq_worker_info **ret_list, size_t *ret_n,
    struct reapq_error *err);
REAPQ_API void reapq_worker_list_free(struct reapq_worker_info *list, size_t n);

enum reapq_state {
	REAPQ_STATE_QUEUED,
	REAPQ_STATE_DELAYED,
	REAPQ_STATE_RUNNING,
	REAPQ_STATE_ENDED /* attach to it for its report */
};

struct reapq_task_info {
	char id[REAPQ_ID_MAX + 1], queue[REAPQ_ID_MAX + 1];
	char handler[REAPQ_HANDLER_MAX + 1];
	char tag[REAPQ_TAG_MAX + 1];
	char worker[REAPQ_ID_MAX + 1]; /* "" unless running */
	enum reapq_state state;
	int attempt; /* attempts begun */
	int lost;    /* workers lost */
	int failed;  /* attempts that failed */
	int cancel_requested;
	int64_t submitted_ms; /* Unix time; 0 when ended: see the report */
	int64_t payload_len;
};

/* queue NULL: "default". ENOENT: no such task, nor a result of it. */
REAPQ_API REAPQ_MUST_CHECK int reapq_task_look(struct reapq_client *client,
    const char *queue, const char *id, struct reapq_task_info *ret_info,
    struct reapq_error *err);

/* Text for a state: "queued". Never NULL. */
REAPQ_API const char *reapq_state_name(enum reapq_state state);

/*
 * The message of a task, live or on the dead list, as it was submitted: what it takes to
 * run it again. data is docs/messages.md's task message, of any bytes; policy is as in
 * docs/protocol.md, and "" where there is none.
 */
struct reapq_task_message {
	void *data;
	size_t data_len;
	int dead; /* it is on the dead list; of two with one id the live one is given */
	char policy[256];
};

/* ENOENT: no such task, live or dead; ETOOBIG: it died, and was too large to be kept. */
REAPQ_API REAPQ_MUST_CHECK int reapq_task_message(struct reapq_client *client,
    const char *queue, const char *id, struct reapq_task_message *ret_message,
    struct reapq_error *err);
REAPQ_API void reapq_task_message_free(struct reapq_task_message *message);

/*
 * The dead list of a queue: what failed, crashed, was lost or expired for good, and what
 * could not be read. The oldest go first: see docs/operations.md for the bounds.
 */
#define REAPQ_DEAD_FRAMES 3

struct reapq_dead_info {
	char id[REAPQ_ID_MAX + 1];
	int64_t died_ms; /* Unix time, by Redis's clock */
	char handler[REAPQ_HANDLER_MAX + 1];
	char verdict[32], signal[32]; /* names; signal "": none */
	/* Of its backtrace, the innermost: MODULE!FUNCTION or MODULE+0xOFFSET. */
	char frames[REAPQ_DEAD_FRAMES][160];
	size_t frames_n;
	char message[512]; /* why, in one line, which may be cut */
	int attempts;      /* begun */
	int unreadable;    /* its record or message: it can't be run again */
	int64_t message_len;
	int64_t dropped_len; /* of a message that was too large to be kept, else 0 */
};

/* Where in the list to go on; zero it to begin. */
struct reapq_dead_cursor {
	int64_t
	    left; /* entries still to be looked at; 0 after the first page: the end */
	int64_t now_ms; /* Unix time, by Redis's clock */
	int begun;
	int64_t last_ms; /* the oldest that was given */
	char last_id[REAPQ_ID_MAX + 1];
};

/*
 * The next page, newest first: at most 200, and there may be none before the end, which
 * is when cursor->left is 0. What dies meanwhile is not seen. queue NULL: "default".
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_dead_list(struct reapq_client *client,
    const char *queue, struct reapq_dead_cursor *cursor,
    struct reapq_dead_info **ret_list, size_t *ret_n, struct reapq_error *err);
REAPQ_API void reapq_dead_list_free(struct reapq_dead_info *list, size_t n);

/* One entry with its report. */
struct reapq_dead;

REAPQ_API REAPQ_MUST_CHECK int reapq_dead_look(struct reapq_client *client,
    const char *queue, const char *id, struct reapq_dead **ret_dead,
    struct reapq_error *err);
REAPQ_API const struct reapq_dead_info *reapq_dead_info(const struct reapq_dead *dead);
/* The final report with all attempts; NULL: there is none, or none that can be read. */
REAPQ_API const struct reapq_report *reapq_dead_report(const struct reapq_dead *dead);
/* An unreadable entry's first bytes; of length 0 otherwise. */
REAPQ_API const void *reapq_dead_bytes(const struct reapq_dead *dead, size_t *ret_len);
REAPQ_API void reapq_dead_free(struct reapq_dead *dead);

/*
 * Puts tasks back into their queue, under their ids and policies, from attempt 1 (but
 * without a deadline that has passed); their old results are gone. By id and died_ms of
 * each: what has died again since is left alone. 0 if all went well, else the code of
 * the first that did not, with why. errs: NULL, or n of them, one for each.
 *   ENOENT    no such entry (any more)
 *   EINVAL    it can't be run: unreadable, or its message was too large to be kept
 *   ETOOLATE  a live task has its id or its unique key, or it ran again since
 *   EFULL     Redis has no memory
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_dead_retry(struct reapq_client *client,
    const char *queue, const struct reapq_dead_info *list, size_t n,
    struct reapq_error *errs, struct reapq_error *err);

/* Takes entries off the list, in the same way. Results are left as they are. */
REAPQ_API REAPQ_MUST_CHECK int reapq_dead_remove(struct reapq_client *client,
    const char *queue, const struct reapq_dead_info *list, size_t n,
    struct reapq_error *errs, struct reapq_error *err);

#ifdef __cplusplus
}
#endif

#endif
