/*
 * exec.c - the steps between a task with a command and execvp(3).
 *
 * They change this process for good, and are the same in a child and in reapq-repro. What
 * is allocated is not freed: an exec follows, or the end.
 */
#include "exec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
set_environment(struct reapq_call *call, char *next)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", call->head.attempt);
	if (setenv("REAPQ_TASK_ID", call->id, 1) != 0 ||
	    setenv("REAPQ_QUEUE", call->queue, 1) != 0 ||
	    setenv("REAPQ_ATTEMPT", number, 1) != 0)
		return -errno;
	/* putenv keeps the pointers; the strings live until exec */
	for (size_t i = 0; i < call->head.envc; i++, next += strlen(next) + 1)
		if (putenv(next) != 0)
			return -errno;
	return 0;
}

int
exec_prepare(struct reapq_call *call, char ***ret_argv, const char **ret_what,
    const char **ret_name)
{
	size_t argc = call->head.argc;
	char **argv = calloc(argc + 1, sizeof(*argv));
	char *next = call_after_cwd(call);
	int rc;

	*ret_name = NULL;
	*ret_what = "no memory for its arguments";
	if (argv == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < argc; i++, next += strlen(next) + 1)
		argv[i] = next;
	*ret_argv = argv;
	*ret_what = "no memory for its environment";
	if ((rc = set_environment(call, next)) != 0)
		return rc;
	*ret_what = "cannot put its payload on standard input";
	if ((rc = call_payload_to_stdin(call)) != 0)
		return rc;
	*ret_what = "cannot enter its working directory";
	*ret_name = call->cwd;
	return call->cwd[0] == '\0' || chdir(call->cwd) == 0 ? 0 : -errno;
}
