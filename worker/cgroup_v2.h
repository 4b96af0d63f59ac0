/* cgroup_v2.h - slots on the one hierarchy of cgroup v2, with or without controllers. */
#ifndef WORKER_CGROUP_V2_H
#define WORKER_CGROUP_V2_H

#include "cgroup_slot.h"

/* A home without controllers: enough to kill a tree and to read its CPU time. */
int cgroup_v2_open_tree(
    struct cgroup_homes *homes, const char *name, struct reapq_error *err);

/* Gives an open tree the memory controller, and pids if it can be had; moves this process
 * into a leaf if the kernel wants that. err says what stands in the way. */
int cgroup_v2_delegate(struct cgroup_homes *homes, struct reapq_error *err);

int cgroup_v2_make_slot(struct cgroup_slot *s, const struct cgroup_homes *homes,
    const char *name, struct reapq_error *err);

/* Bytes and processes; -1: no limit. */
int cgroup_v2_limit(
    struct cgroup_slot *s, int64_t memory, int64_t processes, struct reapq_error *err);

/* Brings this process back to where it was; before the homes are removed. */
void cgroup_v2_undelegate(struct cgroup_homes *homes);

#endif
