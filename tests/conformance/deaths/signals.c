/*
 * signals.c - owns the exits, the signals to itself and those that it does not heed.
 *
 * Undefined behaviour is done through volatile values, as in worker/modules/faults.
 */
#include "deaths.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static volatile unsigned long turns;

/* STATUS */
static int
leave_with(char **argv)
{
	exit((int)deaths_number(argv[0], 0));
}

static void *
exit_here(void *arg)
{
	_exit(*(int *)arg);
}

/* STATUS, out of a second thread */
static int
thread_exit(char **argv)
{
	int status = (int)deaths_number(argv[0], 5);
	pthread_t thread;

	if (pthread_create(&thread, NULL, exit_here, &status) != 0)
		return 1;
	(void)pthread_join(thread, NULL);
	return 1;
}

/* NUMBER */
static int
raise_it(char **argv)
{
	return raise((int)deaths_number(argv[0], SIGTERM)) == 0 ? 0 : 1;
}

/* An address that was valid a moment ago. */
static DEATHS_RAW int
wild(char **argv)
{
	volatile char *gone = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argv;
	(void)munmap((void *)(uintptr_t)gone, 4096);
	*gone = 1;
	return 0;
}

static DEATHS_RAW int
null(char **argv)
{
	static volatile uintptr_t at = 16;

	(void)argv;
	*(volatile int *)at = 1;
	return 0;
}

static int
illegal(char **argv)
{
	(void)argv;
#if defined(__x86_64__)
	__asm__ volatile("ud2");
#else
	__builtin_trap();
#endif
	return 0;
}

static int
breakpoint(char **argv)
{
	(void)argv;
#if defined(__x86_64__)
	__asm__ volatile("int3");
#else
	(void)raise(SIGTRAP);
#endif
	return 0;
}

static _Noreturn void
burn(void)
{
	for (;;)
		turns++;
}

static int
spin(char **argv)
{
	(void)argv;
	burn();
}

static int
spin_on(char **argv)
{
	(void)argv;
	(void)signal(SIGXCPU, SIG_IGN);
	burn();
}

static int
stopped(char **argv)
{
	(void)argv;
	(void)raise(SIGSTOP);
	deaths_pause();
}

static int
stubborn(char **argv)
{
	(void)argv;
	(void)signal(SIGTERM, SIG_IGN);
	deaths_pause();
}

/* DIR, MIB */
static int
big_file(char **argv)
{
	char path[4096];
	static char block[1 << 20];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/big", argv[0]);
	f = fopen(path, "w");
	(void)unlink(path);
	for (long i = deaths_number(argv[1], 2); f != NULL && i > 0; i--)
		if (write(fileno(f), block, sizeof(block)) != (ssize_t)sizeof(block))
			return 1;
	return f != NULL ? 0 : 1;
}

const struct death deaths_signals[] = {
    {"exit", leave_with},
    {"thread-exit", thread_exit},
    {"raise", raise_it},
    {"wild", wild},
    {"null", null},
    {"illegal", illegal},
    {"breakpoint", breakpoint},
    {"spin", spin},
    {"spin-on", spin_on},
    {"stopped", stopped},
    {"stubborn", stubborn},
    {"big-file", big_file},
    {NULL, NULL},
};
