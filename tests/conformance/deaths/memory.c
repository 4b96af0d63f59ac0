/*
 * memory.c - owns the ways to use more memory than there is.
 *
 * Each page is written to, so that it is charged. Amounts are in MiB.
 */
#include "deaths.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static void
take(long mib, int flags, long pause_ms)
{
	struct timespec pause = {pause_ms / 1000, pause_ms % 1000 * 1000000};

	for (long i = 0; i < mib; i++) {
		char *more = mmap(
		    NULL, MIB, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

		if (more == MAP_FAILED)
			_exit(96);
		memset(more, 0x5a, MIB);
		if (pause_ms > 0)
			(void)nanosleep(&pause, NULL);
	}
}

static int
oom(char **argv)
{
	take(deaths_number(argv[0], 1024), MAP_PRIVATE, 0);
	return 0;
}

/* MIB, milliseconds a MiB */
static int
oom_slow(char **argv)
{
	take(deaths_number(argv[0], 1024), MAP_PRIVATE, deaths_number(argv[1], 5));
	return 0;
}

/* PROCESSES, MIB each: at the first death among them the task exits with 7. */
static int
oom_many(char **argv)
{
	long n = deaths_number(argv[0], 8), mib = deaths_number(argv[1], 20);

	for (long i = 0; i < n; i++)
		if (deaths_fork() == 0) {
			take(mib, MAP_PRIVATE, 0);
			deaths_pause();
		}
	(void)wait(NULL);
	_exit(7);
}

/* MIB: a child takes it; the task goes on and exits with 3. */
static int
oom_grandchild(char **argv)
{
	if (deaths_fork() == 0) {
		take(deaths_number(argv[0], 1024), MAP_PRIVATE, 0);
		_exit(0);
	}
	deaths_wait_all();
	_exit(3);
}

/* MIB that no process maps: files in memory. */
static int
oom_tmpfs(char **argv)
{
	static char block[MIB];
	int fd = memfd_create("deaths", MFD_CLOEXEC);

	memset(block, 0x5a, sizeof(block));
	for (long i = deaths_number(argv[0], 1024); i > 0; i--)
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
			_exit(96);
	return 0;
}

/* MIB, shared by the task and a child of its own, so that it must not count twice. */
static int
oom_shared(char **argv)
{
	size_t size = (size_t)deaths_number(argv[0], 1024) * MIB;
	char *all =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);

	if (all == MAP_FAILED)
		_exit(96);
	(void)deaths_fork();
	memset(all, 0x5a, size);
	deaths_wait_all();
	return 0;
}

/* FIFO, MIB: holds that much, tells its pid, and waits. */
static int
oom_near(char **argv)
{
	take(deaths_number(argv[1], 32), MAP_PRIVATE, 0);
	deaths_tell_pid(argv[0]);
	deaths_pause();
}

/* FIFO, MIB, milliseconds a MiB: waits, while a child of its own runs out of memory. */
static int
oom_below(char **argv)
{
	if (deaths_fork() == 0) {
		take(deaths_number(argv[1], 1024), MAP_PRIVATE,
		    deaths_number(argv[2], 1));
		_exit(0);
	}
	deaths_tell_pid(argv[0]);
	deaths_pause();
}

/* DIR, MIB: page cache only, of a file that is gone with the process. */
static int
page_cache(char **argv)
{
	static char block[MIB];
	int fd = open(argv[0], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	for (long i = deaths_number(argv[1], 96); i > 0; i--)
		if (fd < 0 || write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
			_exit(96);
	return 0;
}

/* MIB in one piece; refused, it aborts as much code does. */
static int
refused(char **argv)
{
	char *all = malloc((size_t)deaths_number(argv[0], 1024) * MIB);

	if (all == NULL)
		abort();
	memset(all, 0x5a, MIB);
	free(all);
	return 0;
}

const struct death deaths_memory[] = {
    {"oom", oom},
    {"oom-slow", oom_slow},
    {"oom-many", oom_many},
    {"oom-grandchild", oom_grandchild},
    {"oom-tmpfs", oom_tmpfs},
    {"oom-shared", oom_shared},
    {"oom-near", oom_near},
    {"oom-below", oom_below},
    {"page-cache", page_cache},
    {"refused", refused},
    {NULL, NULL},
};
