/* exec.h - gets a process ready to become a task's command. */
#ifndef RUNNER_EXEC_H
#define RUNNER_EXEC_H

#include "call.h"

/*
 * Environment, standard input, working directory; all but the limits. 0 and the
 * arguments for execvp, or negative errno with what could not be done, and with which
 * name (NULL: none).
 */
int exec_prepare(struct reapq_call *call, char ***ret_argv, const char **ret_what,
    const char **ret_name);

#endif
