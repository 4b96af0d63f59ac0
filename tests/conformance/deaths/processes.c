/*
 * processes.c - owns the ways to have more processes than one, and to leave them behind.
 *
 * None of them ends by itself within an hour, so whatever ends it is the worker.
 */
#include "deaths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long turns;

/* FIFO: tells its pid, and waits to be killed. */
static int
wait_for_death(char **argv)
{
	deaths_tell_pid(argv[0]);
	deaths_pause();
}

/* FIFO, FIFO: tells its pid on one, and returns when the other is written to. */
static int
hold(char **argv)
{
	char byte;
	int fd;

	deaths_tell_pid(argv[0]);
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	return fd >= 0 && read(fd, &byte, 1) == 1 ? 0 : 1;
}

/* PROCESSES that sleep stay behind; 1 if one of them cannot be forked. */
static int
leave(char **argv)
{
	for (long n = deaths_number(argv[0], 3); n > 0; n--) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0)
			deaths_pause();
	}
	return 0;
}

/* PROCESSES at most: each of them forks on. */
static int
bomb(char **argv)
{
	struct timespec pause = {0, 1000000};
	atomic_int *left =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (left == MAP_FAILED)
		return 1;
	atomic_store(left, (int)deaths_number(argv[0], 100));
	for (;;)
		if (atomic_fetch_sub(left, 1) <= 0 || fork() < 0) {
			atomic_fetch_add(left, 1);
			(void)nanosleep(&pause, NULL);
		}
}

/* The return of the task must not come before the escape is complete. */
static int
escape(void (*how)(void))
{
	int fds[2];
	char byte;

	if (pipe(fds) != 0)
		return 1;
	if (deaths_fork() == 0) {
		(void)setsid();
		if (deaths_fork() != 0)
			_exit(0);
		(void)setsid();
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		how();
		deaths_pause();
	}
	(void)wait(NULL);
	return read(fds[0], &byte, 1) == 1 ? 0 : 1;
}

static void
stay(void)
{
}

static int
escapee(char **argv)
{
	(void)argv;
	return escape(stay);
}

static void
become_daemon(void)
{
	if (chdir("/") != 0)
		_exit(1);
	(void)close_range(0, ~0U, 0);
}

static int
daemonize(char **argv)
{
	(void)argv;
	return escape(become_daemon);
}

/* Each forks the next, and ends at once: always gone when somebody looks. */
static void
hop(void)
{
	time_t end = time(NULL) + 3600;

	while (time(NULL) < end) {
		pid_t pid = fork();

		if (pid > 0)
			_exit(0);
		if (pid == 0)
			(void)setsid();
	}
}

static int
hopper(char **argv)
{
	(void)argv;
	return escape(hop);
}

/* PROCESSES that use CPU; the task waits for them, and exits with 7. */
static int
spin_many(char **argv)
{
	for (long n = deaths_number(argv[0], 4); n > 0; n--)
		if (deaths_fork() == 0)
			for (;;)
				turns++;
	deaths_wait_all();
	_exit(7);
}

/* MIB written to standard output. */
static int
flood(char **argv)
{
	static const char block[65536] = {'f'};

	for (long n = deaths_number(argv[0], 16) * 16; n > 0; n--)
		if (write(STDOUT_FILENO, block, sizeof(block)) < 0)
			return 1;
	return 0;
}

const struct death deaths_processes[] = {
    {"wait", wait_for_death},
    {"hold", hold},
    {"leave", leave},
    {"bomb", bomb},
    {"escapee", escapee},
    {"daemon", daemonize},
    {"hopper", hopper},
    {"spin-many", spin_many},
    {"flood", flood},
    {NULL, NULL},
};
