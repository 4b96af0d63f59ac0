/*
 * cgroup_parse.h - what the kernel writes about cgroups, as numbers and paths.
 *
 * Pure: text in, values out, so that each format is a unit test.
 */
#ifndef WORKER_CGROUP_PARSE_H
#define WORKER_CGROUP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a cgroup has counted since it was made; -1: not readable here. Only differences
 * mean anything for one task, but for peak. */
struct cgroup_counters {
	int64_t oom_kill;       /* processes killed in it, by any OOM kill */
	int64_t oom_group_kill; /* times that all in it were killed together */
	int64_t oom;            /* v2: times that its own limit ran out */
	int64_t failcnt;        /* v1: times that its own limit was hit */
	int64_t pids_max;       /* forks refused for its limit of processes */
	int64_t pids_peak;
	int64_t peak; /* bytes */
	int64_t oomd_ooms,
	    oomd_kill; /* what systemd-oomd wrote down, see cgroup_oomd.h */
};

#define CGROUP_COUNTERS_NONE                       \
	{                                          \
		-1, -1, -1, -1, -1, -1, -1, -1, -1 \
	}

/* "key N" lines, as in memory.events and cpu.stat: N, or -1 without such a line. */
int64_t cgroup_parse_key(const char *text, const char *key);

/* A file of one number: it, or -1. "max" is INT64_MAX. */
int64_t cgroup_parse_number(const char *text);

/* Is word one of those in text, separated by spaces? For cgroup.controllers. */
bool cgroup_parse_has(const char *text, const char *word);

/* This process's path in /proc/self/cgroup; controller "": of cgroup v2. */
bool cgroup_parse_self(const char *text, const char *controller, char *ret, size_t cap);

/* One hierarchy's mount in /proc/self/mountinfo: where, and which of its directories
 * is mounted there. The first that fits. */
bool cgroup_parse_mount(const char *text, const char *controller, char *ret_point,
    char *ret_root, size_t cap);

/* The pid that the kernel's OOM killer names in one record of /dev/kmsg, which
 * has to be the kernel's own; when, and whether it was a cgroup that was out of memory or
 * the machine. 0: none. */
pid_t cgroup_parse_oom_victim(const char *record, int64_t *ret_us, bool *ret_cgroup);

#endif
