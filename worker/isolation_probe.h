/*
 * isolation_probe.h - what was tried on this host to find the tier, and how it went.
 */
#ifndef WORKER_ISOLATION_PROBE_H
#define WORKER_ISOLATION_PROBE_H

#include "cgroup_slot.h"
#include <reapq/error.h>
#include <stdio.h>

#define ISOLATION_PROBES_MAX 8

struct isolation_probe {
	struct {
		const char *tier;
		bool ok;
		char why[256]; /* not */
	} tried[ISOLATION_PROBES_MAX];
	int n;
	bool pids;   /* the slot had a limit of processes */
	bool forced; /* the tier was asked for */
};

/* Puts a process of ours in, reads the counters, kills it through the cgroup. */
int isolation_probe_slot(struct isolation_probe *p, struct cgroup_slot *s, bool memory,
    struct reapq_error *err);
/* Lets a process of ours run out of memory in it, whose limit is 8 MiB. */
int isolation_probe_oom(const struct cgroup_slot *s, struct reapq_error *err);

/* Can a process be forked into it, and live there? */
int isolation_probe_birth(const struct cgroup_slot *s, struct reapq_error *err);

void isolation_probe_tier(
    struct isolation_probe *p, const char *tier, bool ok, const char *why);

/* In words; tier: the one that holds. */
const char *isolation_probe_why(const struct isolation_probe *p, const char *tier);
const char *isolation_probe_cure(const struct isolation_probe *p, const char *tier);
void isolation_probe_print(
    const struct isolation_probe *p, const char *tier, FILE *out);
void isolation_probe_row(FILE *out, const char *what, bool ok, const char *why);

#endif
