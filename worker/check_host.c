/*
 * check_host.c - tries what the worker relies on, and says what holds.
 *
 * By doing, never by version. This version of reapq isolates with rlimits, sessions and
 * a subreaper only (tier D); it makes no cgroups, wherever it runs.
 */
#include "check_host.h"

#include "cpus.h"
#include "leftovers.h"
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
row(FILE *out, const char *what, int ok, const char *why)
{
	fprintf(out, "%-34s %s%s%s\n", what, ok ? "yes" : "no",
	    why[0] != '\0' ? "  " : "", why);
}

void
check_host(FILE *out)
{
	pid_t pids[1];
	struct rlimit gene;
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int ok = fd >= 0;

	fprintf(out, "isolation: D (rlimits, own session, subreaper; this version "
		     "makes no cgroups)\n"
		     "  memory kills cannot be proved: a SIGKILL that the worker did "
		     "not send is\n"
		     "  reported as `signal` with certainty `unknown`\n");
	row(out, "pidfd_open", ok, ok ? "" : strerror(errno));
	if (ok)
		close(fd);
	ok = leftovers_children(pids, 1) >= 0;
	row(out, "/proc/self/task/*/children", ok,
	    ok ? "" : "processes that leave a task's session cannot be found");
	ok = getrlimit(RLIMIT_RTTIME, &gene) == 0 && gene.rlim_max == RLIM_INFINITY;
	row(out, "RLIMIT_RTTIME unlimited", ok,
	    ok ? "" : "processes that leave a task's session cannot be told apart");
	row(out, "not PID 1", getpid() != 1,
	    getpid() == 1 ? "strangers are reaped" : "");
	fprintf(out, "%-34s %d\n", "usable cores", cpus_usable());
}
