/*
 * sandbox_plan.h - what a worker wants a child to be locked into; nothing by default.
 *
 * Made by the worker once, in a sealed memfd that the runner maps: names are resolved and
 * the filter is compiled, so that a child has only system calls to make. Both ends are of
 * one build.
 */
#ifndef RUNNER_SANDBOX_PLAN_H
#define RUNNER_SANDBOX_PLAN_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define SANDBOX_FD 4 /* the runner's, beside LINK_FD; only with SANDBOX_FLAG */
#define SANDBOX_FLAG "--sandbox"
#define SANDBOX_FILTER_MAX 4096 /* BPF_MAXINSNS */
#define SANDBOX_GROUPS_MAX 64
#define SANDBOX_WRITABLE_MAX 16
#define SANDBOX_PATH_MAX 1024

struct sandbox_plan {
	bool no_new_privs;   /* implied by a filter */
	bool read_only_root; /* the runner's and all its children's */
	bool as_user;        /* with uid, gid and groups */
	bool as_users; /* each child with the uid that comes with it, gid the same */
	uint32_t uid, gid;
	uint32_t groups[SANDBOX_GROUPS_MAX];
	uint32_t groups_n;
	uint32_t writable_n, filter_n;
	char writable[SANDBOX_WRITABLE_MAX][SANDBOX_PATH_MAX];
	struct sock_filter filter[SANDBOX_FILTER_MAX];
};

#endif
