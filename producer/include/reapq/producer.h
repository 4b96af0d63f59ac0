/*
 * reapq/producer.h - submit tasks and hold futures on how they end.
 *
 * Two questions are kept apart everywhere:
 *   did this call work?       the return value, and struct reapq_error
 *   how did the task end?     the report, asked of a future that is done
 * A wait that returns 0 says only that the task has ended: waiting for a task
 * that crashed is a successful wait.
 *
 * Promise. Every future that a submit gave out becomes done: with a result, or
 * with a report that says why there is none. That holds when the child dies,
 * when its worker dies (known when the lease ends), and when Redis comes back
 * without the task ("vanished", or submitted again while this client lives).
 *
 * Delivery. A task whose worker is lost is started again elsewhere, up to
 * max_lost times, so it should be one that may run twice, or say
 * REAPQ_MAX_LOST_NONE. A task that fails or crashes is not run again unless
 * max_attempts asks for it.
 *
 * Threads and fork. A client, its futures and its sets belong to one thread at
 * a time; clients share nothing. The library starts no thread and installs no
 * signal handler: whoever waits does the I/O. After fork() the child must not
 * use the parent's client (REAPQ_EFORKED); the _free functions are safe there.
 *
 * Ownership. Arguments are copied before a call returns. What a future lends
 * (strings, result, report) lives until reapq_future_free(). Every _free takes
 * NULL.
 */
#ifndef REAPQ_PRODUCER_H
#define REAPQ_PRODUCER_H

#include <reapq/error.h>
#include <reapq/report.h>
#include <reapq/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct reapq_client;
struct reapq_future;
struct reapq_set;

/* ---- connect ---------------------------------------------------------------- */

/* How safe a task is when its submit has returned 0. */
enum reapq_durability {
	REAPQ_DURABILITY_NONE,   /* Redis has it in memory */
	REAPQ_DURABILITY_AOF,    /* on Redis's disk: WAITAOF, Redis >= 7.2 */
	REAPQ_DURABILITY_REPLICA /* in the memory of a replica: WAIT */
};

struct reapq_client_options {
	size_t size;            /* sizeof(struct reapq_client_options) */
	const char *url;        /* NULL: redis://127.0.0.1:6379/0. docs/operations.md
				 lists the forms */
	const char *password;   /* NULL: the URL's. Never printed, never in an error */
	const char *name;       /* shown by CLIENT LIST; NULL: "reapq" */
	int connect_timeout_ms; /* 0: 5000 */
	int call_timeout_ms;    /* of every call but the waits; 0: 10000 */
	int64_t payload_max;    /* 0: REAPQ_PAYLOAD_MAX */
	int64_t result_max;  /* larger reports are refused; 0: 4 x REAPQ_RESULT_MAX */
	int forget_payloads; /* 1: don't keep what was submitted until it settles; a
				   task that Redis lost is then "vanished" */
	int allow_eviction;  /* 1: connect although Redis may evict tasks */
	enum reapq_durability durability; /* what a submit waits for */
	int durability_timeout_ms;        /* how long; 0: 1000 */
};

/* .size alone, where the language has it: other fields are 0 without a warning. */
#ifdef __cplusplus
#define REAPQ_CLIENT_OPTIONS_INIT                   \
	{                                           \
		sizeof(struct reapq_client_options) \
	}
#else
#define REAPQ_CLIENT_OPTIONS_INIT                           \
	{                                                   \
		.size = sizeof(struct reapq_client_options) \
	}
#endif

/*
 * Connects, and checks that the server is Redis >= 7.0 or Valkey >= 7.2, that it does
 * not evict keys when it is full, and that it can give the durability asked for.
 * Blocks up to connect_timeout_ms (name resolution comes on top of that).
 * Fails with EINVAL (the URL), ECONN, EREDIS (refused: password, version, eviction,
 * durability).
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_client_new(struct reapq_client **ret_client,
    const struct reapq_client_options *opts, struct reapq_error *err);

/* What its owner should know of the server: that its checks could not be made, or were
 * overruled by allow_eviction. "": nothing. Lives as long as the client. */
REAPQ_API const char *reapq_client_warning(const struct reapq_client *client);

/*
 * Disconnects and frees. Tasks go on. Futures still out keep what they know and
 * must be freed, before or after; those not done stay so and waiting on one is
 * EINVAL. Inside a callback it is the last use of the client all the same, but
 * the memory goes when the call that runs the callback returns.
 */
REAPQ_API void reapq_client_free(struct reapq_client *client);

/* ---- submit ------------------------------------------------------------------ */

/*
 * Stores the task in Redis; 0 means it is there. ret_future may be NULL to not
 * wait for it. A live task with the same id or unique key is joined: the future
 * is on that one, and reapq_future_joined() says so.
 * Fails with EINVAL, ETOOBIG (nothing sent), EFULL, EDRAINING, ECONN, EREDIS. After ECONN
 * it is not known whether the task was stored: submitting again with the same
 * id is safe. EUNCONFIRMED: it is stored and *ret_future is there, but the client's
 * durability was not confirmed in time.
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_submit(struct reapq_client *client,
    const struct reapq_task *task, struct reapq_future **ret_future,
    struct reapq_error *err);

/*
 * The same for n tasks in one round trip. Returns 0 if all were stored, else
 * the first failure; ret_futures[i] is NULL exactly for those that were not.
 * EUNCONFIRMED comes last: then all were stored, and all futures are there.
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_submit_many(struct reapq_client *client,
    const struct reapq_task *tasks, size_t n, struct reapq_future **ret_futures,
    struct reapq_error *err);

/*
 * A future on a task that was submitted elsewhere, or earlier. queue NULL:
 * "default". ENOENT if there is neither such a task nor a result of it.
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_attach(struct reapq_client *client,
    const char *queue, const char *id, struct reapq_future **ret_future,
    struct reapq_error *err);

/* ---- one future ------------------------------------------------------------- */

REAPQ_API const char *reapq_future_id(const struct reapq_future *future);
REAPQ_API const char *reapq_future_queue(const struct reapq_future *future);
REAPQ_API void *reapq_future_user(const struct reapq_future *future);
/* 1: the submit joined a task that was there already. Should Redis lose that, it is
 * not submitted again from here: its terms are its first submitter's. */
REAPQ_API int reapq_future_joined(const struct reapq_future *future);
/* What is known here, without I/O. */
REAPQ_API int reapq_future_done(const struct reapq_future *future);

/*
 * timeout_ms 0: just look; -1: for ever. 0 once done, ETIMEDOUT, EDEADLK; EINVAL
 * if a callback freed the future before it was done, or its client. A callback may
 * free it: after 0 it is there only if none did.
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_future_wait(
    struct reapq_future *future, int timeout_ms, struct reapq_error *err);

/* The result's bytes, lent. ENOTDONE, or ENORESULT: read the report. */
REAPQ_API REAPQ_MUST_CHECK int reapq_future_result(const struct reapq_future *future,
    const void **ret_data, size_t *ret_len, struct reapq_error *err);

/* The result's bytes, yours to free(); NULL when there are none, or taken. */
REAPQ_API void *reapq_future_take(struct reapq_future *future, size_t *ret_len);

/* Lent; NULL until done. After a take its result is NULL. */
REAPQ_API const struct reapq_report *reapq_future_report(
    const struct reapq_future *future);

/*
 * kill 0: only if it has not started; 1: a running child is stopped too. 0 says
 * that the request was stored; the future tells who won. ETOOLATE: it has ended
 * or (kill 0) it runs.
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_future_cancel(
    struct reapq_future *future, int kill, struct reapq_error *err);

/* Forgets the handle. Does NOT cancel: the task runs on. */
REAPQ_API void reapq_future_free(struct reapq_future *future);

/* ---- many futures ------------------------------------------------------------- */

enum reapq_when {
	REAPQ_ANY,      /* at least one is done */
	REAPQ_ALL,      /* all are done */
	REAPQ_FIRST_BAD /* one is done that did not return, or all are done */
};

/* Futures of one client. ret_done (may be NULL): how many are done now; set with
 * ETIMEDOUT too. */
REAPQ_API REAPQ_MUST_CHECK int reapq_wait(struct reapq_future *const *futures, size_t n,
    enum reapq_when when, int timeout_ms, size_t *ret_done, struct reapq_error *err);

/*
 * A set gives its futures back in the order in which they end, each once. It
 * borrows them; a future is in at most one set and leaves it when it is freed.
 */
REAPQ_API REAPQ_MUST_CHECK int reapq_set_new(
    struct reapq_set **ret_set, struct reapq_client *client, struct reapq_error *err);
REAPQ_API REAPQ_MUST_CHECK int reapq_set_add(
    struct reapq_set *set, struct reapq_future *future, struct reapq_error *err);
/* 0, ETIMEDOUT, EEMPTY when all that were added have come out, or EINVAL if a
 * callback freed the set or its client. */
REAPQ_API REAPQ_MUST_CHECK int reapq_set_next(struct reapq_set *set, int timeout_ms,
    struct reapq_future **ret_future, struct reapq_error *err);
/* How many have not come out yet. */
REAPQ_API size_t reapq_set_left(const struct reapq_set *set);
/* Frees no futures. */
REAPQ_API void reapq_set_free(struct reapq_set *set);

/*
 * Calls fn(future, arg) exactly once when the future is done: inside this call
 * if it is already, else inside some wait or reapq_process(). fn may submit,
 * cancel, add to a set and free this future, a set or the client; a wait inside
 * it is EDEADLK.
 */
typedef void reapq_done_fn(struct reapq_future *future, void *arg);
REAPQ_API REAPQ_MUST_CHECK int reapq_future_on_done(
    struct reapq_future *future, reapq_done_fn *fn, void *arg, struct reapq_error *err);

/* ---- foreign event loops ------------------------------------------------------ */

/*
 * With a loop of your own: watch reapq_fd() for reading, and call
 * reapq_process() when it is readable or reapq_timeout_ms() have passed (-1:
 * only when it is readable). Ask reapq_timeout_ms() again after every library
 * call: any of them may settle a future, and then it is 0. reapq_process() never
 * blocks; callbacks run inside it, and reapq_set_next(set, 0, ...) then gives
 * what has ended. The descriptor stays the same for the client's life.
 */
REAPQ_API int reapq_fd(const struct reapq_client *client);
REAPQ_API int reapq_timeout_ms(const struct reapq_client *client);
REAPQ_API REAPQ_MUST_CHECK int reapq_process(
    struct reapq_client *client, struct reapq_error *err);

#ifdef __cplusplus
}
#endif

#endif
