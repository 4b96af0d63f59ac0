/*
 * cgroup_shared.h - the counters of the cgroup that the worker and all its tasks are in.
 *
 * In a container that is the container's own; read only.
 */
#ifndef WORKER_CGROUP_SHARED_H
#define WORKER_CGROUP_SHARED_H

#include "cgroup_parse.h"

struct cgroup_shared {
	int events_fd, failcnt_fd; /* -1: not readable */
	int dir_fd;                /* of v2, for its marks; -1: none */
	bool v2;
	bool oom_group; /* an OOM kill in it kills all, the worker too */
};

void cgroup_shared_init(struct cgroup_shared *s);

/* The directories in the hierarchies of v1's memory and of v2, as they were before this
 * process moved; "": none. slots: tasks have memory counters of their own below it, so
 * that its own level is wanted alone. False: nothing can be read. */
bool cgroup_shared_open(
    struct cgroup_shared *s, const char *v1, const char *v2, bool slots);
void cgroup_shared_close(struct cgroup_shared *s);

/* Its memory.max, bytes; -1: none, or not v2. */
int64_t cgroup_shared_limit(const struct cgroup_shared *s);

void cgroup_shared_read(const struct cgroup_shared *s, struct cgroup_counters *ret);

#endif
