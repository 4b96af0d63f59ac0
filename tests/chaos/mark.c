/*
 * mark.c - marks are written before and after the act, each with one write(2) to a file
 * opened with O_APPEND, so that lines of many processes never mix and no SIGKILL leaves
 * half a line. Never buffers: what a run has done must be in the file before it dies.
 */
#include "mark.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int
mark_parse(struct mark_task *task, const void *payload, size_t len)
{
	static char none[1];
	char *save = NULL;

	if (len >= sizeof(task->text))
		return -1;
	memcpy(task->text, payload, len);
	task->text[len] = '\0';
	for (int i = 0; i < MARK_WORDS_MAX; i++) {
		char *word = strtok_r(i == 0 ? task->text : NULL, " ", &save);

		task->words[i] = word ? word : none;
	}
	return 0;
}

static long long
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (long long)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int
mark(char what, const struct mark_task *task, const char *id, int attempt)
{
	const char *path = getenv("CHAOS_MARKS");
	char line[512];
	int len = snprintf(line, sizeof(line), "%c %s %d %d %d %lld %s %s\n", what, id,
	    attempt, (int)getppid(), (int)getpid(), now_ns(), task->nonce,
	    task->words[0]);
	ssize_t n = -1;
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

	if (fd >= 0) {
		n = write(fd, line, (size_t)len);
		close(fd);
	}
	return n == len ? 0 : -1;
}

int
mark_start(struct mark_task *task, const char *id, int attempt)
{
	snprintf(task->nonce, sizeof(task->nonce), "%d-%llx", (int)getpid(),
	    (unsigned long long)now_ns() & 0xffffffffffULL);
	return mark('S', task, id, attempt);
}

void
mark_end(const struct mark_task *task, const char *id, int attempt)
{
	(void)mark('E', task, id, attempt);
}

static void
sleep_ms(long ms)
{
	struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&ts, &ts) != 0)
		;
}

int
mark_act(const struct mark_task *task, int attempt)
{
	const char *action = task->words[1];
	long arg = strtol(task->words[2], NULL, 10);

	if (strcmp(action, "sleep") == 0)
		sleep_ms(arg);
	else if (strcmp(action, "hang") == 0) /* for longer than anybody waits */
		sleep_ms(600000);
	else if (strcmp(action, "segv") == 0)
		raise(SIGSEGV);
	else if (strcmp(action, "exit") == 0)
		_exit((int)arg);
	else if (strcmp(action, "fail") == 0)
		return 1;
	else if (strcmp(action, "until") == 0) /* good from attempt ARG on */
		return attempt < arg;
	return 0;
}
