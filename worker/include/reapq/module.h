/*
 * reapq/module.h - write task handlers in C that a worker loads.
 *
 * Model. A module is a shared object that defines one symbol, reapq_module. The
 * runner loads it once (RTLD_NOW | RTLD_LOCAL) and then forks a child for each
 * attempt; the worker itself never loads it. So a handler may crash, leak, hang
 * or exit: it costs its own task, and the report says how it died. Nothing that
 * a handler changes in memory is seen by another attempt.
 *
 * Life of a child. It has descriptors 0 (/dev/null), 1 and 2 (captured) and one
 * private channel, its own session, and the task's limits; no Redis, no
 * password. It runs one handler once and exits with _exit(): atexit handlers
 * and static destructors do not run.
 *
 * Threads. The handler runs on the main thread. It may start threads; they end
 * with it. The reapq_call_ functions may be used from one thread at a time.
 *
 * Signals. All are at their default but SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP,
 * SIGABRT, SIGSYS, SIGXCPU and SIGXFSZ, which are recorded for the report and
 * then kill as ever, and SIGRTMAX-2, which is reserved: the worker sends it at
 * the time limit to ask for a backtrace. A module that handles one of them
 * itself should call the action that was there; else the report says less.
 *
 * A task whose worker is lost runs again unless its producer forbade that, so
 * handlers should be ones that may run twice.
 */
#ifndef REAPQ_MODULE_H
#define REAPQ_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include <reapq/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when an old module would no longer work; checked on loading. */
#define REAPQ_MODULE_ABI 1

struct reapq_call; /* one attempt at one task */

enum reapq_answer {
	REAPQ_DONE = 0, /* returned: the result is what was written */
	REAPQ_FAIL = 1  /* failed: the error text says why; retried if policy says so */
};

typedef enum reapq_answer reapq_handler_fn(struct reapq_call *call);

struct reapq_handler {
	const char *name; /* what producers call; at most REAPQ_HANDLER_MAX bytes */
	reapq_handler_fn *run;
	const char *help; /* one line for people, or NULL */
};

struct reapq_module {
	uint32_t abi;  /* REAPQ_MODULE_ABI */
	uint32_t size; /* sizeof(struct reapq_module) */
	const char *name;
	const char *version;
	const struct reapq_handler *handlers; /* ends with a NULL name */
	/*
	 * Optional, once in the runner before any fork: load tables, warm caches.
	 * Must leave no thread running. Not 0 with a message in err: the worker
	 * refuses to start.
	 */
	int (*init)(struct reapq_error *err);
};

/* The module defines this; the runner reads it. */
REAPQ_API extern const struct reapq_module reapq_module;

/* What the call is. Lent until the handler returns. Never NULL. */
REAPQ_API const char *reapq_call_id(const struct reapq_call *call);
REAPQ_API const char *reapq_call_handler(const struct reapq_call *call);
REAPQ_API int reapq_call_attempt(const struct reapq_call *call); /* from 1 */
REAPQ_API const void *reapq_call_payload(
    const struct reapq_call *call, size_t *ret_len);

/* Milliseconds until the time limit, 0 when over; -1: there is none. */
REAPQ_API int64_t reapq_call_time_left_ms(const struct reapq_call *call);

/*
 * Appends bytes to the result. They leave the child at once, so a large result
 * never has to be in memory whole. 0, or REAPQ_ETOOBIG over the result limit
 * (the verdict is then result_limit, whatever the handler answers), or
 * REAPQ_ESYS when the worker hung up.
 */
REAPQ_API int reapq_call_write(struct reapq_call *call, const void *data, size_t len);

/* The error text of a REAPQ_FAIL; the last one wins, cut at 4 KiB. */
REAPQ_API void reapq_call_error(struct reapq_call *call, const char *fmt, ...)
    REAPQ_PRINTF(2, 3);

/* One line in the worker's log, with the task's id; cut at 1 KiB. */
REAPQ_API void reapq_call_log(struct reapq_call *call, const char *fmt, ...)
    REAPQ_PRINTF(2, 3);

/*
 * What the handler is doing right now, for the report, should it not return: the
 * last note is there even after SIGKILL. Costs the formatting and no system call,
 * so a loop may note each row. Cut at 255 bytes; a newline counts as a space.
 */
REAPQ_API void reapq_call_note(struct reapq_call *call, const char *fmt, ...)
    REAPQ_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif

#endif
