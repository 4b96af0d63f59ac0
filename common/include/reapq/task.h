/*
 * reapq/task.h - what a producer asks for: a task, its limits and its policy.
 *
 * These are plain structs that the caller fills in. Start from the _INIT value:
 * it sets size, which tells the library which fields the caller knows of, and
 * zeroes the rest. Zero always means "the default".
 */
#ifndef REAPQ_TASK_H
#define REAPQ_TASK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In a limit: none at all. A worker's ceiling may still put one in force. */
#define REAPQ_UNLIMITED ((int64_t)-1)

/* Zero: the worker's default. Sizes in bytes, times in milliseconds. */
struct reapq_limits {
	int64_t memory;     /* memory of all its processes, see docs/operations.md */
	int64_t cpu_ms;     /* CPU time; the kernel counts whole seconds, rounded up */
	int64_t time_ms;    /* wall clock from the start of the attempt */
	int64_t file_size;  /* largest file it may write (RLIMIT_FSIZE) */
	int64_t open_files; /* RLIMIT_NOFILE */
	int64_t processes;  /* RLIMIT_NPROC: per user, and not enforced for root */
	int64_t stack;      /* RLIMIT_STACK */
	int64_t core;       /* largest core file; default none is written */
	int64_t output;     /* what is kept of stdout, and of stderr */
	int64_t result;     /* largest result of a handler */
};

enum reapq_priority {
	REAPQ_PRIORITY_NORMAL = 0,
	REAPQ_PRIORITY_HIGH = 1,
	REAPQ_PRIORITY_LOW = 2
};

#define REAPQ_QUEUE_DEFAULT "default"
#define REAPQ_HANDLER_EXEC "exec"
#define REAPQ_ID_LEN 26       /* of an id the library makes */
#define REAPQ_ID_MAX 64       /* of an id, queue name or unique key: [A-Za-z0-9_.-] */
#define REAPQ_HANDLER_MAX 128 /* bytes in a handler's name */
#define REAPQ_TAG_MAX 256     /* bytes in a tag */
#define REAPQ_PAYLOAD_MAX ((int64_t)16 << 20) /* default; adjustable per client */
#define REAPQ_RESULT_MAX ((int64_t)64 << 20)  /* default; adjustable per worker */
#define REAPQ_MAX_LOST_NONE (-1)

struct reapq_task {
	size_t size;         /* sizeof(struct reapq_task) */
	const char *queue;   /* NULL: "default" */
	const char *handler; /* required; "exec" runs argv */
	const void *payload; /* opaque bytes; on standard input for exec */
	size_t payload_len;
	const char *const *argv; /* exec only: NULL-terminated, at least one */
	const char *const *env;  /* exec only: NULL, or "NAME=value"..., NULL */
	const char *cwd;         /* exec only: NULL: the worker's */
	struct reapq_limits limits;
	int max_attempts;       /* 0: 1. More only for tasks that may run twice */
	int max_lost;           /* lost workers before giving up; 0: 3;
				   REAPQ_MAX_LOST_NONE: not started twice */
	int64_t retry_delay_ms; /* doubles, with jitter; 0: 1 s */
	const char *retry_on;   /* NULL: any failure; else "signal,exit,..." */
	int64_t delay_ms;       /* earliest start, from now */
	int64_t deadline_ms;    /* must have ended, from now; 0: none */
	enum reapq_priority priority;
	const char *id;     /* NULL: made for you. The same id again joins the first */
	const char *unique; /* NULL, or join the live task that holds this key */
	int64_t result_ttl_ms; /* how long the result is kept; 0: one hour */
	const char *tag;       /* NULL, or text of yours that comes with the report */
	void *user;            /* yours; see reapq_future_user(); never sent */
	/* After too little memory (memory_limit, oom): again, with the limit at so many
	 * per cent of the last, 101 to 10000, or so many bytes more; not both. 0: not so.
	 * Up to the worker's ceiling, 10 times at most, beside max_attempts. */
	int oom_factor;
	int64_t oom_step;
	/* NULL, or the queue where it then goes on, under the same id, when its limit is
	 * not raised here. The future follows it. */
	const char *oom_queue;
};

/* .size alone, where the language has it: other fields are 0 without a warning. */
#ifdef __cplusplus
#define REAPQ_TASK_INIT                   \
	{                                 \
		sizeof(struct reapq_task) \
	}
#else
#define REAPQ_TASK_INIT                           \
	{                                         \
		.size = sizeof(struct reapq_task) \
	}
#endif

#ifdef __cplusplus
}
#endif

#endif
