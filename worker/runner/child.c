/*
 * child.c - the life of a child, as named steps in the only order that is safe.
 *
 * Invariants: by the time user code runs, descriptors are 0, 1, 2 and the channel (3,
 * close-on-exec), every signal is at its default and unblocked but for those that
 * crash.c records, the process leads its own session, dies with the worker, and has its
 * limits. It ends with _exit only: what
 * the runner registered with atexit is not ours to run.
 */
#include "child.h"

#include "call.h"
#include "crash.h"
#include "exec.h"
#include "rlimits.h"
#include "sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CHAN_FD 3

enum {
	EXIT_SETUP = 120 /* the worker sees no task went in; see docs/design.md */
};

/* Bound to no user yet, and nothing of its own done: all that it will do counts there. */
static void
enter_cgroups(const struct child_setup *s)
{
	for (int i = 0; i < s->cgroup_fds_n; i++)
		if (write(s->cgroup_fds[i], "0", 1) != 1)
			_exit(LINK_EXIT_HOMELESS);
}

/* The channel must not be 0, 1 or 2 while those are put in place. */
static void
place_descriptors(const struct child_setup *s)
{
	int chan = fcntl(s->chan_fd, F_DUPFD, 10);

	if (chan < 0 || dup2(s->out_fd, STDOUT_FILENO) < 0 ||
	    dup2(s->err_fd, STDERR_FILENO) < 0 || dup3(chan, CHAN_FD, O_CLOEXEC) < 0 ||
	    close_range(CHAN_FD + 1, ~0U, 0) != 0)
		_exit(EXIT_SETUP);
}

/* The runner ignores these; crash_init has seen to all others. */
static void
reset_signals(void)
{
	sigset_t none;

	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void
refuse(struct reapq_call *call, const char *what, const char *name, int errnum)
{
	char text[FRAME_TEXT_MAX];
	int n = snprintf(text, sizeof(text), "%s%s%s%s%s", what,
	    name == NULL ? "" : " '", name == NULL ? "" : name,
	    name == NULL ? ": " : "': ", strerror(errnum));

	if (n >= (int)sizeof(text))
		n = (int)sizeof(text) - 1;
	(void)call_send(call, FRAME_REFUSED, text, (size_t)n);
	_exit(EXIT_SETUP);
}

static void
limit(struct reapq_call *call, bool fresh_image)
{
	const char *what = "";
	int rc = rlimits_apply(&call->head.limits, fresh_image, &what);

	if (rc != 0)
		refuse(call, "cannot set the limit", what, -rc);
}

/* The last thing before user code: it may refuse what the steps before it need. */
static void
put_filter_on(struct reapq_call *call, const struct sandbox_plan *plan)
{
	const char *what = "";
	int rc = plan == NULL ? 0 : sandbox_filter(plan, &what);

	if (rc != 0)
		refuse(call, "cannot put its sandbox on", what, -rc);
}

static _Noreturn void
run_exec(struct reapq_call *call, const struct sandbox_plan *plan)
{
	const char *what = "", *name = NULL;
	char **argv = NULL;
	int rc = exec_prepare(call, &argv, &what, &name);

	if (rc != 0)
		refuse(call, what, name, -rc);
	limit(call, true);
	put_filter_on(call, plan);
	execvp(argv[0], argv);
	refuse(call, "cannot execute", argv[0], errno);
}

static _Noreturn void
run_handler(struct reapq_call *call, const struct child_setup *setup)
{
	const struct reapq_handler *h = loader_find(setup->loader, call->handler);
	enum reapq_answer answer;
	int rc;

	if (h == NULL)
		refuse(call, "no handler", call->handler, ENOENT);
	limit(call, false);
	put_filter_on(call, setup->sandbox);
	answer = h->run(call);
	/* what it printed is part of its report */
	fflush(stdout);
	if (call->too_big)
		_exit(0);
	if (answer == REAPQ_DONE) {
		rc = call_send(call, FRAME_DONE, "", 0);
	} else {
		if (call->error[0] == '\0')
			snprintf(call->error, sizeof(call->error),
			    "the handler failed and gave no reason");
		rc = call_send(call, FRAME_FAILED, call->error, strlen(call->error));
	}
	_exit(rc == 0 ? 0 : EXIT_SETUP);
}

/* Lost when it changes: set first, then look whether it was too late. */
static void
die_with_worker(const struct child_setup *setup)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != setup->worker_pid)
		_exit(EXIT_SETUP);
}

/* 0, or negative errno: then it has to refuse its task, as soon as it has one. */
static int
become_sandboxed(const struct child_setup *setup, const char **ret_what)
{
	int rc;

	if (setup->sandbox == NULL)
		return 0;
	rc = sandbox_become(setup->sandbox, setup->uid, ret_what);
	/* A change of user has undone it, prctl(2). */
	die_with_worker(setup);
	return rc;
}

void
child_main(const struct child_setup *setup)
{
	struct reapq_call call;
	const char *what = "";
	int rc, locked;

	enter_cgroups(setup);
	reset_signals();
	die_with_worker(setup);
	(void)setsid();
	rlimits_set_gene(setup->worker_pid, setup->gen);
	crash_attach(setup->page_fd);
	place_descriptors(setup);
	locked = become_sandboxed(setup, &what);
	rc = call_receive(&call, CHAN_FD);
	if (rc > 0)
		_exit(0);
	if (rc < 0)
		refuse(&call, "cannot receive the task", NULL, -rc);
	if (locked != 0)
		refuse(&call, "cannot put its sandbox on", what, -locked);
	if (call.head.argc > 0)
		run_exec(&call, setup->sandbox);
	run_handler(&call, setup);
}
