/*
 * sandbox_users.h - the users that children become: one for all, or one for each.
 *
 * A user of --child-uids is one child's until nothing of that user runs any more: so all
 * that a task started can be killed by its user, wherever it went.
 */
#ifndef WORKER_SANDBOX_USERS_H
#define WORKER_SANDBOX_USERS_H

#include "runner/sandbox_plan.h"
#include <reapq/error.h>
#include <stdbool.h>
#include <stdint.h>

#define SANDBOX_USERS_MAX 1024

struct sandbox_users {
	uint32_t first;
	int n; /* 0: there are none */
	bool taken[SANDBOX_USERS_MAX];
	bool
	    dirty[SANDBOX_USERS_MAX]; /* something of it may run still: kill it first */
};

/* USER, UID or USER:GROUP into the plan. EINVAL: no such user, or root. */
int sandbox_users_one(
    const char *text, struct sandbox_plan *plan, struct reapq_error *err);

/* FIRST or FIRST-LAST; need: how many children there may be at a time. EINVAL: too few, or
 * root among them. */
int sandbox_users_range(const char *text, int need, struct sandbox_users *ret_users,
    struct reapq_error *err);

/* Nothing may run as any of them yet. EINVAL names a process that does, and still does
 * after a second. */
int sandbox_users_check_free(const struct sandbox_users *u, struct reapq_error *err);

/* A user of which nothing runs, from now on the caller's; 0: there is none. */
uint32_t sandbox_users_take(struct sandbox_users *u);
/* Kills what there is left of it first. */
void sandbox_users_give(struct sandbox_users *u, uint32_t uid);

/* SIGKILL to all of this user's processes at once: none of them runs any further. Waits
 * some microseconds for a process that does it. False: it could not be done. */
bool sandbox_users_kill(uint32_t uid);

#endif
