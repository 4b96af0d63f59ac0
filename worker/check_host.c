/*
 * check_host.c - tries what the worker relies on, and says what holds.
 *
 * By doing, never by version: the cgroups that it makes are removed again.
 */
#include "check_host.h"

#include "cpus.h"
#include "isolation.h"
#include "isolation_probe.h"
#include "leftovers.h"
#include "sandbox.h"
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
check_isolation(const struct config *config, FILE *out, struct reapq_error *err)
{
	struct isolation *iso;
	char name[32];
	int rc;

	snprintf(name, sizeof(name), "check-%d", (int)getpid());
	if ((rc = isolation_new(&iso, config->isolation, name, err)) != 0)
		return rc;
	isolation_print(iso, out);
	if (config->oom_test)
		isolation_oom_test(iso, out);
	isolation_free(iso);
	return 0;
}

int
check_host(const struct config *config, FILE *out, struct reapq_error *err)
{
	pid_t pids[1];
	struct rlimit gene;
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int ok = fd >= 0;

	int rc = check_isolation(config, out, err);

	if (rc != 0) {
		if (ok)
			close(fd);
		return rc;
	}
	isolation_probe_row(out, "pidfd_open", ok, ok ? "" : strerror(errno));
	if (ok)
		close(fd);
	ok = leftovers_children(pids, 1) >= 0;
	isolation_probe_row(out, "/proc/self/task/*/children", ok,
	    ok ? "" : "processes that leave a task's session cannot be found");
	ok = getrlimit(RLIMIT_RTTIME, &gene) == 0 && gene.rlim_max == RLIM_INFINITY;
	isolation_probe_row(out, "RLIMIT_RTTIME unlimited", ok,
	    ok ? "" : "processes that leave a task's session cannot be told apart");
	isolation_probe_row(out, "not PID 1", getpid() != 1,
	    getpid() == 1 ? "strangers are reaped" : "");
	fprintf(out, "%-34s %d\n", "usable cores", cpus_usable());
	return sandbox_check(config, out, err);
}
