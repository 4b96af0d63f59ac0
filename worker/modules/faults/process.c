/*
 * process.c - owns the handlers that leave processes behind, and the one that lists
 * what a child was given.
 *
 * A process left behind keeps every descriptor of the child: stdout, stderr and its
 * channel. Somebody who waits for the end of one of these waits for an hour.
 */
#include "faults.h"

#include "payload.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

extern char **environ;

static _Noreturn void
linger(void)
{
	unsigned left = 3600;

	while (left > 0)
		left = sleep(left);
	_exit(0);
}

static enum reapq_answer
write_pid(struct reapq_call *call, pid_t pid)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld", (long)pid);

	return reapq_call_write(call, text, (size_t)len) == 0 ? REAPQ_DONE : REAPQ_FAIL;
}

enum reapq_answer
process_runaway(struct reapq_call *call)
{
	int fds[2];
	pid_t daemon_pid = 0;

	if (pipe(fds) != 0) {
		reapq_call_error(call, "pipe: %s", strerror(errno));
		return REAPQ_FAIL;
	}
	pid_t pid = fork();
	if (pid == 0) {
		(void)setsid();
		daemon_pid = fork();
		if (daemon_pid == 0) {
			/* The usual daemon, to the point of its own session. */
			(void)setsid();
			pid_t self = getpid();
			ssize_t sent = write(fds[1], &self, sizeof(self));
			(void)close(fds[1]);
			if (sent == (ssize_t)sizeof(self))
				linger();
		}
		_exit(0);
	}
	(void)close(fds[1]);
	ssize_t n = read(fds[0], &daemon_pid, sizeof(daemon_pid));
	(void)close(fds[0]);
	if (pid < 0 || n != (ssize_t)sizeof(daemon_pid)) {
		reapq_call_error(call, "can't fork");
		return REAPQ_FAIL;
	}
	return write_pid(call, daemon_pid);
}

enum reapq_answer
process_holdout(struct reapq_call *call)
{
	pid_t pid = fork();

	if (pid == 0)
		linger();
	if (pid < 0) {
		reapq_call_error(call, "fork: %s", strerror(errno));
		return REAPQ_FAIL;
	}
	return write_pid(call, pid);
}

static int
write_line(
    struct reapq_call *call, const char *what, const char *name, const char *value)
{
	char line[8192];
	int len = snprintf(line, sizeof(line), "%s %s%s\n", what, name, value);

	if (len < 0)
		return -1;
	if ((size_t)len >= sizeof(line))
		len = (int)sizeof(line) - 1;
	return reapq_call_write(call, line, (size_t)len);
}

/* "fd N LINK" a descriptor, then "env NAME=VALUE" a variable. */
enum reapq_answer
process_fds(struct reapq_call *call)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int err = 0;

	if (dir == NULL) {
		reapq_call_error(call, "can't read /proc/self/fd: %s", strerror(errno));
		return REAPQ_FAIL;
	}
	while (err == 0 && (entry = readdir(dir)) != NULL) {
		char link[4096], name[300];
		if (entry->d_name[0] == '.' ||
		    strtol(entry->d_name, NULL, 10) == dirfd(dir))
			continue;
		ssize_t n =
		    readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = '\0';
		(void)snprintf(name, sizeof(name), "%s ", entry->d_name);
		err = write_line(call, "fd", name, link);
	}
	(void)closedir(dir);
	for (char **var = environ; err == 0 && var != NULL && *var != NULL; var++)
		err = write_line(call, "env", *var, "");
	return err == 0 ? REAPQ_DONE : REAPQ_FAIL;
}

/* The kernel gives a traced process's death to its tracer first, ptrace(2). */
enum reapq_answer
process_traced(struct reapq_call *call)
{
	pid_t self = getpid();
	char attached = 'n';
	int fds[2];

	if (pipe(fds) != 0) {
		reapq_call_error(call, "pipe: %s", strerror(errno));
		return REAPQ_FAIL;
	}
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	pid_t pid = fork();
	if (pid == 0) {
		(void)setsid();
		attached = ptrace(PTRACE_SEIZE, self, NULL, NULL) == 0 ? 'y' : 'n';
		if (write(fds[1], &attached, 1) == 1)
			linger();
		_exit(1);
	}
	if (pid < 0 || read(fds[0], &attached, 1) != 1 || attached != 'y') {
		reapq_call_error(call, "the tracer did not attach");
		return REAPQ_FAIL;
	}
	return write_pid(call, pid);
}

enum reapq_answer
process_become(struct reapq_call *call)
{
	char *command = payload_text(call);

	if (command == NULL)
		return REAPQ_FAIL;
	(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	reapq_call_error(call, "execl: %s", strerror(errno));
	free(command);
	return REAPQ_FAIL;
}
