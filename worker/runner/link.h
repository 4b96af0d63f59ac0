/*
 * link.h - what worker and runner say to each other.
 *
 * One SOCK_SEQPACKET socketpair, one struct link_msg a packet, both ends of one build.
 * The worker asks for a child (LINK_SPAWN with four descriptors by SCM_RIGHTS: the
 * child's channel, its stdout, its stderr, its crash page; value is its uid, 0 for none of
 * its own); the runner answers each with its pid or an errno, in order. gen is the worker's
 * number for the child, never reused: a late answer of an earlier runner cannot be taken
 * for another child's.
 *
 * Where tasks have cgroups more descriptors follow: with LINK_INTO first the directory of
 * a cgroup v2 for clone3(2), whose cgroup.procs is the one after it; then a cgroup.procs of
 * each cgroup that the child has to be in. A child writes itself into those that it was
 * not born in, before all else, or ends with LINK_EXIT_HOMELESS: so its task, which may lie
 * in its channel by then, is only ever read in there.
 */
#ifndef RUNNER_LINK_H
#define RUNNER_LINK_H

#include <stdint.h>

#define LINK_FD 3 /* the runner's end */
#define LINK_SPAWN_FDS 4
#define LINK_CGROUP_FDS 4 /* at most, after those */
#define LINK_FDS_MAX (LINK_SPAWN_FDS + LINK_CGROUP_FDS)

#define LINK_EXIT_HOMELESS 121 /* of a child that could not enter its cgroup */

/* Of link_msg.flags. LINK_SPAWN: as above. LINK_SPAWNED: how it came into its cgroup. */
#define LINK_INTO 1U    /* it was born there */
#define LINK_WRITING 2U /* it writes itself into some of it, or all */

enum link_type {
	LINK_HANDLER = 1, /* runner: text is a handler's name; one packet each */
	LINK_READY,       /* runner: all modules are loaded */
	LINK_FATAL,       /* runner: cannot go on; text says why */
	LINK_SPAWN,       /* worker: fork one, with the descriptors that come along */
	LINK_SPAWNED,     /* runner: value is its pid */
	LINK_SPAWN_FAILED /* runner: value is the errno */
};

struct link_msg {
	uint32_t type;
	uint32_t gen;
	int32_t value;
	uint32_t flags;
	char text[512];
};

/*
 * A child carries its worker's pid and its gen in the hard limit of RLIMIT_RTTIME. The
 * limit means nothing to a task that is not real-time, is inherited over fork, exec and
 * setsid, and can be read from outside with one prlimit(2): so the worker can tell whose
 * a process is that ran away from its session, and the next worker whether it was a dead
 * one's (orphans.h). In us, getrlimit(2): 2^41 are 25 days. A pid has at most 22 bits.
 */
#define LINK_GENE_BASE(worker_pid) ((uint64_t)(worker_pid) << 41)

#endif
