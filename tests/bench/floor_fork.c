/*
 * floor_fork.c - how many processes a second this machine can start and bury: the limit
 * that nothing with a child of its own for each task can pass.
 *
 * usage: floor_fork fork|exec N AT_ONCE
 *
 * fork: fork + _exit + wait, at most AT_ONCE alive. exec: vfork + exec of /bin/true. One
 * JSON object on standard output: processes a second, and CPU time for each, all told.
 * The program is as small as it can be made with libc: a larger one is slower.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu_s(int who)
{
	struct rusage u;

	(void)getrusage(who, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static pid_t
start(bool exec)
{
	static char path[] = "/bin/true";
	static char *const argv[] = {path, NULL}, *const envp[] = {NULL};
	pid_t pid = exec ? vfork() : fork();

	if (pid == 0) {
		if (exec)
			(void)execve(path, argv, envp);
		_exit(exec ? 127 : 0);
	}
	if (pid < 0) {
		fprintf(stderr, "floor_fork: cannot fork: %s\n", strerror(errno));
		exit(1);
	}
	return pid;
}

static void
bury(void)
{
	int status;

	if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "floor_fork: a process did not end as it should\n");
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	bool exec = argc == 4 && strcmp(argv[1], "exec") == 0;
	long n = argc == 4 ? atol(argv[2]) : 0, at_once = argc == 4 ? atol(argv[3]) : 0;
	long alive = 0;
	double began, took;

	if (n < 1 || at_once < 1 || (!exec && strcmp(argv[1], "fork") != 0)) {
		fprintf(stderr, "usage: floor_fork fork|exec N AT_ONCE\n");
		return 2;
	}
	began = now_s();
	for (long i = 0; i < n; i++) {
		if (alive == at_once) {
			bury();
			alive--;
		}
		(void)start(exec);
		alive++;
	}
	while (alive-- > 0)
		bury();
	took = now_s() - began;
	printf("{\"what\": \"%s\", \"at_once\": %ld, \"n\": %ld, \"per_s\": %.1f, "
	       "\"cpu_us\": %.2f}\n",
	    argv[1], at_once, n, (double)n / took,
	    (cpu_s(RUSAGE_SELF) + cpu_s(RUSAGE_CHILDREN)) * 1e6 / (double)n);
	return 0;
}
