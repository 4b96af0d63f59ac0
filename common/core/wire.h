/*
 * wire.h - tasks and reports as versioned msgpack maps; the only user of msgpack-c.
 *
 * docs/protocol.md holds the format. Keys are short strings; unknown keys are
 * skipped, missing ones have defaults, a known key of the wrong type is EPROTO, a
 * known key twice is EPROTO, an unknown major version is EPROTO and says which.
 * Bytes are skimmed before they are unpacked. Everything decoded is copied: it
 * lives in the box, not in the input.
 */
#ifndef CORE_WIRE_H
#define CORE_WIRE_H

#include "buf.h"
#include <reapq/report.h>
#include <reapq/task.h>
#include <stdbool.h>
#include <stdint.h>

#define WIRE_VERSION 1
#define WIRE_ARGV_MAX 16384 /* strings in argv, and in env */

/*
 * A task as it travels. The queue and the scripts' part of the policy (priority,
 * deadline, max_lost...) are not in the message: the task's hash has them.
 */
struct wire_task {
	const char *id, *handler; /* never NULL */
	const char *tag;          /* NULL: none */
	const void *payload;
	size_t payload_len;
	const char *const *argv; /* NULL unless exec; ends with NULL */
	const char *const *env;  /* NULL: none; ends with NULL */
	const char *cwd;         /* NULL: none */
	struct reapq_limits limits;
	int max_attempts; /* at least 1 */
	int64_t retry_delay_ms;
	const char *retry_on; /* NULL: any */
	int64_t submitted_ms; /* the producer's wall clock */
	/* After too little memory: the new limit is so many per cent of the last, or so
	 * much more; 0: it stays. And how often it has been raised. */
	int oom_factor;
	int64_t oom_step;
	int oom_raised;
	const char *oom_queue; /* where it goes then; NULL: it stays */
};

/* Appends to out. EINVAL, ENOMEM. */
int wire_task_encode(
    const struct wire_task *task, struct buf *out, struct reapq_error *err);

/* Owns what its task or report points to. Zero it before first use. */
struct wire_box {
	void *memory;
};
void wire_box_free(struct wire_box *box); /* may be called again; box is empty after */

/*
 * EPROTO (message says what, with the value), EINVAL for values out of range:
 * handler name empty or longer than REAPQ_HANDLER_MAX, bad id, argv missing for
 * exec, a NUL byte in a string that becomes an argument, env without '='.
 */
int wire_task_decode(const void *data, size_t len, struct wire_box *box,
    struct wire_task *ret_task, struct reapq_error *err);

/*
 * A report, then each earlier attempt's short report, one after the other: the
 * element of a result key is such a sequence. encode writes the report alone and
 * ignores report->attempts. decode gives attempts[] oldest first with this attempt
 * last; missing strings are "" where reapq/report.h does not allow NULL; a report
 * that a script made has few fields. At most 1,000 attempts.
 */
int wire_report_encode(
    const struct reapq_report *report, struct buf *out, struct reapq_error *err);
int wire_report_decode(const void *data, size_t len, struct wire_box *box,
    struct reapq_report *ret_report, struct reapq_error *err);

/* One short report. */
int wire_attempt_encode(
    const struct reapq_attempt *attempt, struct buf *out, struct reapq_error *err);

/* What a worker says of itself in its registry key; strings live in the box. */
struct wire_worker {
	const char *id, *host, *queues, *isolation, *hardening, *version, *handlers;
	int64_t pid, slots, busy, tasks_done, started_ms;
	int64_t fetch_age_ms; /* since Redis last answered its claims; -1: never */
};
int wire_worker_encode(
    const struct wire_worker *w, struct buf *out, struct reapq_error *err);
int wire_worker_decode(const void *data, size_t len, struct wire_box *box,
    struct wire_worker *ret_worker, struct reapq_error *err);

#endif
