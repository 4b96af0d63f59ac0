/*
 * sandbox.h - puts a process into what a struct sandbox_plan asks for.
 *
 * System calls only, in three steps: the file system once in the runner, the user in each
 * child when it is forked, the filter last of all, as it may refuse what a child needs to
 * get ready. The worker tries the same code in a process of its own at its start.
 */
#ifndef RUNNER_SANDBOX_H
#define RUNNER_SANDBOX_H

#include "sandbox_plan.h"

/* Each: 0, or negative errno with *ret_what, what could not be done. */

/* A mount namespace of its own in which all is read-only but what the plan names, and
 * /tmp and /dev/shm, which are empty and its own; then gives up the privilege to undo
 * it. The process must have one thread. */
int sandbox_root(const struct sandbox_plan *plan, const char **ret_what);

/* Becomes the user (uid: for a plan with as_users), without capabilities, and no_new_privs.
 * Clears PR_SET_PDEATHSIG. */
int sandbox_become(
    const struct sandbox_plan *plan, uint32_t uid, const char **ret_what);

/* Puts the filter on, if there is one. */
int sandbox_filter(const struct sandbox_plan *plan, const char **ret_what);

#endif
