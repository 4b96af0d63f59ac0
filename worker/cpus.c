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
#include <stdlib.h>
#include <string.h>

static int
affinity(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return CPU_COUNT(&set);
}

/* The first number of a file, and the second if there is one; 0 to 2 found. "max" of
 * cpu.max is no number: no quota. */
static int
read_two(const char *path, long long *a, long long *b)
{
	char line[128] = "";
	char *end;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	(void)fclose(f);
	*a = strtoll(line, &end, 10);
	if (end == line)
		return 0;
	*b = strtoll(end, &end, 10);
	return end[-1] >= '0' && end[-1] <= '9' && strchr(line, ' ') != NULL ? 2 : 1;
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
