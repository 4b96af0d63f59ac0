/*
 * tree_usage.c - walks /proc/PID/task/TID/children and reads statm, smaps_rollup and stat.
 *
 * Holds no state. What has gone meanwhile counts as nothing.
 */
#include "tree_usage.h"

#include "leftovers.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_MAX 4096

static bool
read_proc(pid_t pid, const char *file, char *text, size_t cap)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, cap - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return n > 0;
}

static bool
stands_in(const pid_t *pids, int from, int to, pid_t pid)
{
	for (int i = from; i < to; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static int
add_children(pid_t pid, pid_t *pids, int n, int cap)
{
	char path[340];
	struct dirent *entry;
	int first = n, last = n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		int found;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/children", (int)pid,
		    entry->d_name);
		found = leftovers_read_children(path, pids + last, cap - last);
		/* What one thread leaves behind when it ends is another's: seen twice. */
		for (int i = last, end = last; found > 0 && i < end + found; i++) {
			pids[n] = pids[i];
			n += !stands_in(pids, first, last, pids[n]);
		}
		last = n;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return n;
}

int
tree_usage_processes(pid_t leader, uint32_t gen, pid_t *pids, int cap)
{
	static pid_t own[OWN_MAX];
	int own_n = leftovers_children(own, OWN_MAX);
	int n = 0;

	if (cap < 1)
		return 0;
	pids[n++] = leader;
	for (int i = 0; i < own_n && n < cap; i++)
		if (own[i] != leader && leftovers_belongs(own[i], gen))
			pids[n++] = own[i];
	for (int i = 0; i < n; i++)
		n = add_children(pids[i], pids, n, cap);
	return n;
}

int64_t
tree_usage_resident(const pid_t *pids, int n)
{
	int64_t pages = 0;
	char text[256];

	for (int i = 0; i < n; i++) {
		char *end;

		if (!read_proc(pids[i], "statm", text, sizeof(text)))
			continue;
		(void)strtoll(text, &end, 10);
		pages += strtoll(end, NULL, 10);
	}
	return pages * sysconf(_SC_PAGESIZE);
}

static int64_t
exact_of(pid_t pid)
{
	char text[4096];
	const char *line;
	char *end;
	long long resident, shared;

	if (read_proc(pid, "smaps_rollup", text, sizeof(text)) &&
	    (line = strstr(text, "\nPss:")) != NULL)
		return strtoll(line + 5, NULL, 10) * 1024;
	if (!read_proc(pid, "statm", text, sizeof(text)))
		return 0;
	(void)strtoll(text, &end, 10);
	resident = strtoll(end, &end, 10);
	shared = strtoll(end, NULL, 10);
	return (resident - shared) * sysconf(_SC_PAGESIZE);
}

int64_t
tree_usage_exact(const pid_t *pids, int n)
{
	int64_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += exact_of(pids[i]);
	return sum;
}

/* utime, stime, cutime and cstime are the 12th to 15th after the name, proc(5); the name
 * may have anything in it. The sum of n of them, from the first-th on. */
static int64_t
ticks_of(pid_t pid, int first, int n)
{
	char text[1024];
	const char *p;
	char *end;
	int64_t sum = 0;

	if (!read_proc(pid, "stat", text, sizeof(text)) ||
	    (p = strrchr(text, ')')) == NULL)
		return 0;
	/* from the space before the state to that before utime */
	for (int i = 0; i < 12 + first && p != NULL; i++)
		p = strchr(p + 1, ' ');
	for (int i = 0; i < n && p != NULL; i++, p = end)
		sum += strtoll(p, &end, 10);
	return sum;
}

static int64_t
ms_of_ticks(int64_t ticks)
{
	return ticks * 1000 / sysconf(_SC_CLK_TCK);
}

int64_t
tree_usage_cpu_ms(const pid_t *pids, int n)
{
	int64_t ticks = 0;

	for (int i = 0; i < n; i++)
		ticks += ticks_of(pids[i], 0, 4);
	return ms_of_ticks(ticks);
}

int64_t
tree_usage_waited_cpu_ms(pid_t pid)
{
	return ms_of_ticks(ticks_of(pid, 2, 2));
}
