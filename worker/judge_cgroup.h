/*
 * judge_cgroup.h - what the counters of cgroups say about a death.
 *
 * Pure, as all of judge.c: the rows of the table that need a cgroup, their words and
 * their evidence.
 */
#ifndef WORKER_JUDGE_CGROUP_H
#define WORKER_JUDGE_CGROUP_H

#include "cgroup_parse.h"

/* What the kernel's log says of a process. */
enum judge_logged {
	JUDGE_NOT_LOGGED = 0,
	JUDGE_LOGGED_CGROUP, /* killed as a cgroup was out of memory */
	JUDGE_LOGGED_MACHINE /* killed as the machine was */
};

/* Read before the start and after the death, before anything was reaped. */
struct judge_cgroup {
	bool own;          /* it had a cgroup with a memory counter to itself */
	bool shared;       /* counters of the cgroup of all of us can be read */
	bool v2;           /* which files the task's own come from */
	bool shared_v2;    /* and the shared ones */
	bool group_kill;   /* an OOM kill in its cgroup kills all that is in it */
	bool alone;        /* no other process was ever in its cgroup */
	int others_killed; /* other processes of its that were found dead of SIGKILL */
	enum judge_logged logged;
	bool has_peak;    /* after.peak is of this task */
	int killed;       /* children that a SIGKILL of nobody known ended in its time,
			     itself included */
	int64_t measured; /* resident memory, by this worker's watch; 0: it has none */
	int64_t measured_cpu_ms;              /* the same of CPU time */
	struct cgroup_counters before, after; /* its own */
	struct cgroup_counters shared_before, shared_after;
};

struct judge_evidence;
struct judge_finding;

/* Rows for an end that was not of its own doing; false: they do not apply. */
bool judge_cgroup(const struct judge_evidence *e, struct judge_finding *f);

/* A stop by this worker, and an OOM kill in the same time. */
bool judge_cgroup_killed_too(const struct judge_evidence *e);

/* No OOM kill, as far as any counter here can tell; false: none can. */
bool judge_cgroup_clears(const struct judge_evidence *e);

/* The message of memory_limit and oom; false: nothing to say. */
bool judge_cgroup_message(const struct judge_evidence *e, const struct judge_finding *f,
    char *to, size_t cap);
/* What to add to any other message; "" if nothing. */
const char *judge_cgroup_remark(const struct judge_evidence *e,
    const struct judge_finding *f, char *buf, size_t cap);

/* Adds the counters to f's evidence. */
void judge_cgroup_evidence(const struct judge_evidence *e, struct judge_finding *f);

#endif
