/* cgroup_v1.h - slots on the memory, pids and freezer hierarchies of cgroup v1. */
#ifndef WORKER_CGROUP_V1_H
#define WORKER_CGROUP_V1_H

#include "cgroup_slot.h"

/* Homes of this worker on memory and pids; err names what is missing. A tree is added by
 * cgroup_v2_open_tree or cgroup_v1_open_freezer. */
int cgroup_v1_open(
    struct cgroup_homes *homes, const char *name, struct reapq_error *err);
int cgroup_v1_open_freezer(
    struct cgroup_homes *homes, const char *name, struct reapq_error *err);

int cgroup_v1_make_slot(struct cgroup_slot *s, const struct cgroup_homes *homes,
    const char *name, struct reapq_error *err);

/* Bytes and processes; -1: no limit. */
int cgroup_v1_limit(
    struct cgroup_slot *s, int64_t memory, int64_t processes, struct reapq_error *err);

#endif
