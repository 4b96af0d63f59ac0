/*
 * limit.c - owns the handlers that run into limits, or wait to be stopped.
 *
 * A handler that is refused something says how far it came in its result, so that
 * a test sees the limit from inside. gate is the one that waits for an event of
 * the test's own, which no timed sleep can stand in for.
 */
#include "faults.h"

#include "payload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static volatile unsigned long turns;
static char *volatile last_block; /* each begins with the address of the one before */

static enum reapq_answer
write_number(struct reapq_call *call, long long n)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%lld", n);

	return reapq_call_write(call, text, (size_t)len) == 0 ? REAPQ_DONE : REAPQ_FAIL;
}

enum reapq_answer
limit_spin(struct reapq_call *call)
{
	(void)call;
	for (;;)
		turns++;
}

enum reapq_answer
limit_sleep(struct reapq_call *call)
{
	long long ms = payload_number(call, 0, 1000);
	struct timespec left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
	return reapq_call_write(call, "slept", 5) == 0 ? REAPQ_DONE : REAPQ_FAIL;
}

enum reapq_answer
limit_gate(struct reapq_call *call)
{
	char *path = payload_text(call);
	if (path == NULL)
		return REAPQ_FAIL;
	enum reapq_answer answer = REAPQ_FAIL;
	char data[64];
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC); /* returns with the first writer */

	if (fd >= 0)
		n = read(fd, data, sizeof(data));
	if (n < 0)
		reapq_call_error(call, "can't read %s: %s", path, strerror(errno));
	else if (reapq_call_write(call, data, (size_t)n) == 0)
		answer = REAPQ_DONE;
	if (fd >= 0)
		(void)close(fd);
	free(path);
	return answer;
}

enum reapq_answer
limit_alloc(struct reapq_call *call)
{
	long long mib = payload_number(call, 0, 64);
	char *text = payload_text(call);
	if (text == NULL)
		return REAPQ_FAIL;
	size_t len = strlen(text);
	int polite = len >= 5 && strcmp(text + len - 5, " fail") == 0;

	free(text);
	for (long long i = 0; i < mib; i++) {
		char *more = malloc(MIB);
		if (more == NULL && !polite)
			abort();
		if (more == NULL) {
			reapq_call_error(call, "no memory after %lld MiB", i);
			return REAPQ_FAIL;
		}
		memset(more, 0x5a, MIB);
		/* A list of all that was got: none of it may be optimised away. */
		memcpy(more, &(char *){last_block}, sizeof(char *));
		last_block = more;
	}
	return write_number(call, mib);
}

enum reapq_answer
limit_leakfd(struct reapq_call *call)
{
	long long n = 0;

	/* Bounded, for a worker without a limit on a machine without one. */
	while (n < 1 << 20 && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		n++;
	return write_number(call, n);
}

enum reapq_answer
limit_xfsz(struct reapq_call *call)
{
	long long mib = payload_number(call, 0, 64);
	static char zeros[1 << 16];
	FILE *f = tmpfile();
	int err = f == NULL;

	for (long long i = 0; !err && i < mib * 16; i++)
		err = write(fileno(f), zeros, sizeof(zeros)) != (ssize_t)sizeof(zeros);
	if (err)
		reapq_call_error(
		    call, "can't write a temporary file: %s", strerror(errno));
	if (f != NULL)
		(void)fclose(f);
	return err ? REAPQ_FAIL : write_number(call, mib);
}

enum reapq_answer
limit_forks(struct reapq_call *call)
{
	long long want = payload_number(call, 0, 16), n = 0;

	for (; n < want; n++) {
		pid_t pid = fork();
		if (pid < 0)
			break;
		if (pid == 0)
			for (;;)
				(void)pause();
	}
	return write_number(call, n);
}

enum reapq_answer
limit_ignoreterm(struct reapq_call *call)
{
	(void)signal(SIGTERM, SIG_IGN);
	reapq_call_log(call, "ignoring SIGTERM");
	for (;;)
		(void)pause();
}

/* As much code does: it takes an interrupted sleep for the end of it. */
enum reapq_answer
limit_nap(struct reapq_call *call)
{
	long long ms = payload_number(call, 0, 1000);
	struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};

	(void)nanosleep(&left, NULL);
	return reapq_call_write(call, "awake", 5) == 0 ? REAPQ_DONE : REAPQ_FAIL;
}
