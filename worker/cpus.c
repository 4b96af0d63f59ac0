/*
 * cpus.c - reads the affinity mask and the cgroup's quota.
 *
 * In a container /sys/fs/cgroup is its own cgroup; elsewhere the root, which has no
 * quota. Only that one place is read: what a parent cgroup allows is not visible from
 * inside.
 */
#include "cpus.h"

#include <sched.h>
#include <stdio.h>

static int
affinity(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return CPU_COUNT(&set);
}

static int
read_two(const char *path, long long *a, long long *b)
{
	FILE *f = fopen(path, "re");
	int n = 0;

	if (f != NULL) {
		/* "max 100000" gives no number: no quota */
		n = fscanf(f, "%lld %lld", a, b);
		(void)fclose(f);
	}
	return n;
}

static long long
quota_cpus(void)
{
	long long quota = -1, period = 0, unused;

	if (read_two("/sys/fs/cgroup/cpu.max", &quota, &period) != 2 &&
	    (read_two("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", &quota, &unused) != 1 ||
		read_two("/sys/fs/cgroup/cpu/cpu.cfs_period_us", &period, &unused) !=
		    1))
		return -1;
	return quota > 0 && period > 0 ? (quota + period - 1) / period : -1;
}

int
cpus_usable(void)
{
	int n = affinity();
	long long quota = quota_cpus();

	if (quota > 0 && quota < n)
		n = (int)quota;
	return n > 0 ? n : 1;
}
