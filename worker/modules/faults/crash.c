/*
 * crash.c - owns the handlers that die by their own hand, and those that fail.
 *
 * Undefined behaviour is done through volatile values in functions without
 * sanitizers, so that every compiler really does it and the kernel is the one to
 * object.
 */
#include "faults.h"

#include "payload.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile uintptr_t unmapped = 16; /* never mapped: vm.mmap_min_addr */
static volatile int zero, one = 1;
static volatile int forever = 1;

static FAULTS_RAW void
write_unmapped(void)
{
	*(volatile int *)unmapped = 1;
}

enum reapq_answer
crash_segv(struct reapq_call *call)
{
	(void)call;
	write_unmapped();
	return REAPQ_DONE;
}

enum reapq_answer
crash_abort(struct reapq_call *call)
{
	(void)call;
	abort();
}

static FAULTS_RAW int
divide(int by)
{
	return one / by; /* 1 / by would be done without dividing */
}

enum reapq_answer
crash_div0(struct reapq_call *call)
{
	(void)call;
	zero = divide(zero);
	/* Not every processor traps: on some the quotient is just zero. */
	(void)raise(SIGFPE);
	return REAPQ_DONE;
}

static FAULTS_RAW int
recurse(int depth)
{
	volatile char frame[4096] = {0};

	frame[0] = (char)depth;
	if (forever)
		frame[1] = (char)recurse(depth + 1);
	return frame[0] + frame[1];
}

enum reapq_answer
crash_stack(struct reapq_call *call)
{
	(void)call;
	return recurse(0) == 0 ? REAPQ_DONE : REAPQ_FAIL;
}

enum reapq_answer
crash_kill(struct reapq_call *call)
{
	int number = (int)payload_number(call, 0, SIGKILL);

	if (kill(getpid(), number) != 0)
		reapq_call_error(call, "no such signal: %d", number);
	else
		reapq_call_error(call, "signal %d did not kill", number);
	return REAPQ_FAIL;
}

static void *
crash_in_thread(void *arg)
{
	(void)arg;
	write_unmapped();
	return NULL;
}

enum reapq_answer
crash_thread(struct reapq_call *call)
{
	pthread_t thread;
	int sys = pthread_create(&thread, NULL, crash_in_thread, NULL);

	if (sys != 0) {
		reapq_call_error(call, "can't start a thread: %s", strerror(sys));
		return REAPQ_FAIL;
	}
	(void)pthread_join(thread, NULL);
	return REAPQ_DONE;
}

enum reapq_answer
crash_exit0(struct reapq_call *call)
{
	(void)call;
	exit(0);
}

enum reapq_answer
crash_exit3(struct reapq_call *call)
{
	(void)call;
	exit(3);
}

enum reapq_answer
crash_error(struct reapq_call *call)
{
	char *text = payload_text(call);

	if (text != NULL)
		reapq_call_error(call, "%s", text);
	free(text);
	return REAPQ_FAIL;
}
