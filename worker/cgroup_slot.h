/*
 * cgroup_slot.h - the cgroup of one slot: one task at a time is in it.
 *
 * Made by cgroup_v1.c or cgroup_v2.c; used the same way. Pooled: its counters are never
 * reset, so a task's are differences.
 */
#ifndef WORKER_CGROUP_SLOT_H
#define WORKER_CGROUP_SLOT_H

#include "cgroup_dir.h"
#include "cgroup_parse.h"

/* Where the slots are made. */
struct cgroup_homes {
	struct cgroup_dir memory; /* v1 */
	struct cgroup_dir pids;   /* v1 */
	struct cgroup_dir tree;   /* v2, or v1's freezer: what kills a whole tree */
	struct cgroup_dir leaf;   /* v2: where the worker itself had to go */
	bool v2_memory;           /* tree has the memory controller */
	bool opened_parent;       /* v2: subtree_control of the parent is our doing */
};

#define CGROUP_HOMES_NONE                                                           \
	{                                                                           \
		CGROUP_DIR_NONE, CGROUP_DIR_NONE, CGROUP_DIR_NONE, CGROUP_DIR_NONE, \
		    false, false                                                    \
	}

/* Open files of a slot; -1 where the host has none. */
enum cgroup_file {
	CGROUP_MEMORY_PROCS, /* v1 */
	CGROUP_PIDS_PROCS,   /* v1 */
	CGROUP_TREE_PROCS,
	CGROUP_MEMORY_MAX,
	CGROUP_SWAP_MAX, /* v1: of memory and swap together */
	CGROUP_USAGE,
	CGROUP_EVENTS,  /* memory.events, memory.oom_control */
	CGROUP_FAILCNT, /* v1 */
	CGROUP_PEAK,
	CGROUP_PIDS_MAX,
	CGROUP_PIDS_EVENTS,
	CGROUP_PIDS_PEAK,
	CGROUP_CPU,
	CGROUP_KILL,   /* cgroup.kill */
	CGROUP_FREEZE, /* freezer.state */
	CGROUP_FILE_COUNT
};

struct cgroup_slot {
	struct cgroup_dir memory, pids, tree;
	int fd[CGROUP_FILE_COUNT];
	int64_t memory_max, pids_max; /* as they are set; -1: none */
	bool group_kill;              /* v2: all in it die together */
	bool peak_reset;              /* the peak of this task alone can be had */
};

void cgroup_slot_init(struct cgroup_slot *s);
void cgroup_slot_remove(struct cgroup_slot *s);

/* Puts the process, and all that it will start, in; on v1 into pids only if asked. 0 or
 * negative errno. */
int cgroup_slot_enter(const struct cgroup_slot *s, pid_t pid, bool pids);
/* On v1: into pids alone. */
int cgroup_slot_enter_pids(const struct cgroup_slot *s, pid_t pid);

#define CGROUP_SLOT_DOORS_MAX 4

/* For a process that is to put itself in: its cgroup.procs files; with *ret_into before
 * them the directory to be born in by clone3, which is that of the first. They stay the
 * slot's. Returns how many. */
int cgroup_slot_doors(const struct cgroup_slot *s, bool pids,
    int fds[CGROUP_SLOT_DOORS_MAX], bool *ret_into);
/* Has it come through all of the doors? */
bool cgroup_slot_has(const struct cgroup_slot *s, pid_t pid);
/* What can have changed since the last reading is read into counters, the rest of it
 * stays: with limited, also what only a limit can raise. */
void cgroup_slot_read(
    const struct cgroup_slot *s, bool limited, struct cgroup_counters *counters);
/* Microseconds of all that ever ran in it; -1: not known. Not cheap: the kernel adds it
 * up over all processors. */
int64_t cgroup_slot_cpu_us(const struct cgroup_slot *s);
/* Bytes charged to it now, of earlier tasks too; -1: not known. */
int64_t cgroup_slot_usage(const struct cgroup_slot *s);
/* Begins the peak anew, where the kernel can. */
void cgroup_slot_reset_peak(struct cgroup_slot *s);
/* Kills all that is in it, also what is forked meanwhile. */
void cgroup_slot_kill(const struct cgroup_slot *s);
/* Live processes in it; -1: not known. */
int cgroup_slot_count(const struct cgroup_slot *s);

#endif
