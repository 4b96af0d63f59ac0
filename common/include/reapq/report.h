/*
 * reapq/report.h - how a task ended, and why.
 *
 * A report is data: an outcome (how it ended), one verdict (why), a certainty
 * (how sure that is) and the evidence behind it. Every task that ends has one,
 * those that returned too. All strings are NUL-terminated and live as long as
 * the report; "" or NULL where a field says so. Nothing here is an error code
 * of a call; those are in reapq/error.h.
 */
#ifndef REAPQ_REPORT_H
#define REAPQ_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include <reapq/error.h>
#include <reapq/task.h>

#ifdef __cplusplus
extern "C" {
#endif

enum reapq_outcome {
	REAPQ_OUTCOME_OTHER = 0, /* from a newer reapq: see outcome_name */
	REAPQ_RETURNED,          /* the handler returned, or the command exited 0 */
	REAPQ_FAILED,            /* it said so, or never got to run */
	REAPQ_CRASHED,           /* its process died, or was killed */
	REAPQ_LOST,              /* nobody saw how it ended */
	REAPQ_CANCELLED,         /* by a producer */
	REAPQ_EXPIRED,           /* its deadline passed first */
	REAPQ_OUTCOME_COUNT
};

enum reapq_verdict {
	REAPQ_V_OTHER = 0, /* from a newer reapq: see verdict_name */
	REAPQ_V_OK,
	REAPQ_V_ERROR,
	REAPQ_V_EXIT,
	REAPQ_V_SIGNAL,
	REAPQ_V_MEMORY_LIMIT,
	REAPQ_V_OOM,
	REAPQ_V_CPU_LIMIT,
	REAPQ_V_TIME_LIMIT,
	REAPQ_V_FILE_SIZE_LIMIT,
	REAPQ_V_PROCESS_LIMIT,
	REAPQ_V_RESULT_LIMIT,
	REAPQ_V_NOT_STARTED,
	REAPQ_V_CANCELLED,
	REAPQ_V_EXPIRED,
	REAPQ_V_WORKER_LOST,
	REAPQ_V_VANISHED,
	REAPQ_VERDICT_COUNT
};

enum reapq_certainty {
	REAPQ_UNKNOWN = 0, /* several causes fit; none is claimed */
	REAPQ_LIKELY,      /* the evidence points here, but does not exclude others */
	REAPQ_PROVED,      /* the kernel or the worker itself saw it */
	REAPQ_CERTAINTY_COUNT
};

/* Names as in the JSON report: "crashed", "memory_limit", "likely". Never NULL. */
REAPQ_API const char *reapq_outcome_name(enum reapq_outcome outcome);
REAPQ_API const char *reapq_verdict_name(enum reapq_verdict verdict);
REAPQ_API const char *reapq_certainty_name(enum reapq_certainty certainty);

/* One thing that was read, and where. before and after may be NULL. */
struct reapq_evidence {
	const char *source; /* "waitid", "rusage", "worker", "channel"... */
	const char *what;
	const char *before;
	const char *after;
};

struct reapq_frame {
	const char *module;
	uint64_t offset;
	const char *function; /* NULL: not known */
	const char *file;     /* NULL: not known */
	int line;             /* 0: not known */
	const char *build_id; /* NULL: not known */
};

struct reapq_signal {
	int number; /* 0: no signal */
	const char *name;
	int code;              /* si_code; meaningful if code_name is not NULL */
	const char *code_name; /* NULL: not seen */
	int has_fault_address;
	uint64_t fault_address;
	int64_t sender_pid; /* -1: not seen */
};

/* Times in milliseconds, sizes in bytes; -1: not measured. */
struct reapq_usage {
	int64_t wall_ms, user_ms, system_ms;
	int64_t peak_memory;
	const char *memory_source; /* where peak_memory was read; NULL: not measured */
	int64_t minor_faults, major_faults;
	int64_t block_in, block_out;
	int64_t voluntary_switches, involuntary_switches;
};

/* The short report of one attempt. Times are Unix milliseconds, 0: never. */
struct reapq_attempt {
	int attempt; /* from 1 */
	const char *verdict;
	const char *certainty;
	const char *message;
	const char *worker;
	int64_t started_ms, ended_ms;
	int superseded; /* a late finisher's: the task was somebody else's by then */
	int64_t memory_limit; /* bytes; 0: none, or not known */
};

struct reapq_report {
	size_t size; /* sizeof in the library that made it */
	const char *id, *queue, *handler;
	const char *tag; /* NULL: none */
	enum reapq_outcome outcome;
	enum reapq_verdict verdict;
	enum reapq_certainty certainty;
	const char *outcome_name, *verdict_name, *certainty_name;
	const char *message; /* one line for a person */
	const struct reapq_evidence *evidence;
	size_t evidence_count;
	const void *result; /* NULL: none */
	size_t result_len;
	const void *out; /* what it wrote on stdout: the first bytes; NULL: none */
	size_t out_len;
	const void *err; /* what it wrote on stderr: the last bytes; NULL: none */
	size_t err_len;
	int out_truncated, err_truncated;
	int exit_status; /* -1: it did not exit */
	struct reapq_signal signal;
	int core_dumped;
	const struct reapq_frame *backtrace;
	size_t backtrace_count;
	struct reapq_limits limits; /* those in force; REAPQ_UNLIMITED: none */
	struct reapq_usage usage;
	int attempt, max_attempts;
	const struct reapq_attempt *attempts; /* oldest first, the last is this one */
	size_t attempts_count;
	const char *worker, *host; /* "" where no worker had it */
	int64_t pid;               /* 0: it never had one */
	const char *isolation;     /* "" where no worker had it */
	int leftover_processes;
	int64_t submitted_ms, started_ms, ended_ms; /* Unix time; 0: never */
	const char *hardening; /* what more it was locked into; "" for nothing */
	const char *moved_to;  /* NULL; else the queue where the task went on */
};

#ifdef __cplusplus
}
#endif

#endif
