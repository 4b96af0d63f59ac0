/*
 * death.h - what a function leaves on standard error, and whether it aborts.
 *
 * For CHECK() and for the log, the two that write to descriptor 2.
 */
#ifndef TESTS_DEATH_H
#define TESTS_DEATH_H

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs fn in a forked process; up to cap - 1 bytes of its stderr go to text. */
static inline int
death_status(void (*fn)(void *), void *arg, char *text, size_t cap)
{
	int fds[2], status = -1;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (pid == 0) {
		/* No core file, neither here nor in a crash collector. */
		(void)prctl(PR_SET_DUMPABLE, 0);
		if (dup2(fds[1], STDERR_FILENO) < 0)
			_exit(99);
		close(fds[0]);
		close(fds[1]);
		fn(arg);
		_exit(0);
	}
	close(fds[1]);
	while (len < cap - 1) {
		n = read(fds[0], text + len, cap - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

#endif
