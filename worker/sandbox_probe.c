/*
 * sandbox_probe.c - forks a process, locks it in, hears how far it got, and kills it.
 *
 * It lives for the length of one call. Nothing is concluded from versions or privileges.
 */
#include "sandbox_probe.h"

#include "error.h"
#include "leftovers.h"
#include "runner/link.h"
#include "runner/sandbox.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct answer {
	int rc;
	char what[256];
};

static _Noreturn void
be_locked_in(const struct sandbox_plan *plan, uint32_t uid, int ask_fd, int say_fd)
{
	struct rlimit gene = {LINK_GENE_BASE(getppid()), LINK_GENE_BASE(getppid())};
	struct answer a;
	const char *what = "";
	char byte;

	memset(&a, 0, sizeof(a));
	(void)setrlimit(RLIMIT_RTTIME, &gene);
	a.rc = sandbox_root(plan, &what);
	if (a.rc == 0)
		a.rc = sandbox_become(plan, uid, &what);
	if (a.rc == 0)
		a.rc = sandbox_filter(plan, &what);
	snprintf(a.what, sizeof(a.what), "%s", what);
	if (write(say_fd, &a, sizeof(a)) != (ssize_t)sizeof(a))
		_exit(1);
	/* Until it is killed; or if that cannot be done, until the pipe is closed. */
	while (read(ask_fd, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int
judge_probe(pid_t pid, int say_fd, struct reapq_error *err)
{
	struct answer a;

	memset(&a, 0, sizeof(a));
	if (read(say_fd, &a, sizeof(a)) != (ssize_t)sizeof(a))
		return error_set(err, REAPQ_ESYS, "the process that tried it died");
	a.what[sizeof(a.what) - 1] = '\0';
	if (a.rc != 0)
		return error_sys(err, -a.rc, "%s", a.what);
	if (!leftovers_belongs(pid, 0))
		return error_set(err, REAPQ_ESYS,
		    "what its children leave behind could not be told from others");
	if (kill(pid, SIGKILL) != 0)
		return error_sys(err, errno, "killing a process of that user");
	return 0;
}

int
sandbox_probe(const struct sandbox_plan *plan, uint32_t uid, struct reapq_error *err)
{
	int ask[2] = {-1, -1}, say[2] = {-1, -1}, rc;
	pid_t pid;

	if (pipe2(ask, 0) != 0 || pipe2(say, 0) != 0) {
		rc = error_sys(err, errno, "pipe");
		pid = -1;
		goto out;
	}
	pid = fork();
	if (pid == 0) {
		close(ask[1]);
		close(say[0]);
		be_locked_in(plan, uid, ask[0], say[1]);
	}
	close(say[1]);
	say[1] = -1;
	rc = pid < 0 ? error_sys(err, errno, "fork") : judge_probe(pid, say[0], err);
out:
	for (int i = 0; i < 2; i++) {
		if (ask[i] >= 0)
			close(ask[i]);
		if (say[i] >= 0)
			close(say[i]);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return rc;
}
