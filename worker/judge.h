/*
 * judge.h - why did it end? One pure function from evidence to verdict.
 *
 * The table is in judge.c; the first row that matches wins. It reads nothing but its
 * input, so each row is a unit test.
 */
#ifndef WORKER_JUDGE_H
#define WORKER_JUDGE_H

#include "crash_record.h"
#include "judge_cgroup.h"
#include <reapq/report.h>
#include <stdbool.h>
#include <stdint.h>

/* Why this worker itself told a child to stop. Noted before the signal is sent; the
 * first one stays. */
enum judge_intent {
	JUDGE_NO_INTENT = 0,
	JUDGE_TIME_LIMIT,
	JUDGE_CANCEL,
	JUDGE_DEADLINE,
	JUDGE_SHUTDOWN,     /* the worker wants to end; the task goes back */
	JUDGE_LEASE_GONE,   /* the task is somebody else's by now */
	JUDGE_GARBLED,      /* it broke the rules on its channel */
	JUDGE_RESULT_LIMIT, /* it went on sending past the limit */
	JUDGE_MEMORY_WATCH, /* its processes held more than its memory limit */
	JUDGE_CPU_WATCH     /* its processes used more than its CPU limit */
};

struct judge_evidence {
	bool is_exec;
	/* From waitid(2). */
	int wait_code;   /* CLD_EXITED, CLD_KILLED or CLD_DUMPED */
	int wait_status; /* exit status, or signal */
	/* From its channel. */
	bool done;          /* the handler returned and its result is whole */
	bool failed;        /* it said so */
	bool refused;       /* it never got to user code */
	bool too_big;       /* its result passed the limit, or would have */
	bool no_memory;     /* the worker had none for its result */
	bool garbled;       /* it broke the rules: what it said is worth nothing */
	const char *text;   /* of failed, refused or garbled; "" else */
	int64_t result_len; /* bytes that came */
	/* What the worker did. */
	enum judge_intent intent;
	const char *intent_text; /* of a cancel: the reason; "" else */
	int64_t intent_ms;       /* after the start */
	bool asked_where;        /* before SIGTERM, by the question of crash_page.h */
	bool asked;              /* SIGTERM was sent */
	bool killed;             /* SIGKILL was sent */
	/* What was in force, and used. */
	struct reapq_limits limits;
	struct reapq_usage usage;
	bool memory_rlimit;    /* an allocation over the limit fails */
	int64_t waited_cpu_ms; /* in usage, but of processes that it had waited for */
	int64_t max_rss; /* of the largest of its processes, whatever usage tells */
	struct judge_cgroup cgroup;
	int leftover_processes;
	int64_t pid;
	const char *host;
	const char *seccomp; /* the profile in force; NULL: none */
	/* What the process itself reported, and the end of its stderr. NULL: not read. */
	const struct crash_record *crash;
	const char *err;
	size_t err_len;
};

#define JUDGE_EVIDENCE_MAX 24

struct judge_finding {
	enum reapq_verdict verdict;
	enum reapq_certainty certainty;
	char message[1536];
	struct reapq_evidence evidence[JUDGE_EVIDENCE_MAX];
	size_t evidence_count;
	char text[JUDGE_EVIDENCE_MAX][320]; /* what evidence[] points to */
};

void judge(const struct judge_evidence *e, struct judge_finding *ret_finding);

/* For a task that never had a child: verdict not_started, proved. */
void judge_not_started(const char *why, struct judge_finding *ret_finding);

#endif
