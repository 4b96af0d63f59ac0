/*
 * cgroup_oomd.h - the marks that systemd-oomd leaves on a cgroup that it kills.
 *
 * It sends plain SIGKILLs from user space, which no counter of the kernel's shows; but it
 * counts them in extended attributes of the directory, the first before it kills.
 */
#ifndef WORKER_CGROUP_OOMD_H
#define WORKER_CGROUP_OOMD_H

#include "cgroup_parse.h"

/* Fills counters' oomd_ooms and oomd_kill from the directory: 0 without a mark, -1 where
 * there can be none (v1). */
void cgroup_oomd_read(int dir_fd, struct cgroup_counters *counters);

#endif
