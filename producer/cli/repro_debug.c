/*
 * repro_debug.c - lays a task out for reapq-repro, and starts a debugger on that.
 *
 * Under a debugger the task is in memory only: reapq-repro opens it through this
 * process's /proc directory, as often as it is run, and it is gone with this process.
 * Only --print-command leaves a file, which is its point. Limits of memory and time are
 * left out: a debugger pauses, and is told of no kill by a cgroup.
 */
#include "repro_debug.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dispatch.h"
#include "error.h"
#include "exits.h"
#include "limit.h"
#include "modules.h"
#include "programs.h"
#include "say.h"
#include "words.h"

static struct reapq_limits
limits_for(const struct repro_task *t)
{
	static const struct reapq_limits ceilings;
	struct reapq_limits defaults, limits;

	limit_fallbacks(&defaults);
	limit_apply(&t->limits, &defaults, &ceilings, &limits);
	limits.memory = limits.time_ms = REAPQ_UNLIMITED;
	/* On A and B it was a cgroup's, not one of all the user's processes. */
	if (t->record && (strcmp(t->record->isolation, "A") == 0 ||
			     strcmp(t->record->isolation, "B") == 0))
		limits.processes = REAPQ_UNLIMITED;
	return limits;
}

static int
write_task(const struct repro_task *t, int fd, struct reapq_error *err)
{
	struct reapq_limits limits = limits_for(t);
	int attempt = t->record && t->record->attempt > 0 ? t->record->attempt : 1;
	size_t len, off = 0;
	char *bytes =
	    dispatch_encode(&t->task, t->ref.queue, attempt, &limits, &len, err);

	if (!bytes)
		return err->code;
	while (off < len) {
		ssize_t n = write(fd, bytes + off, len - off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(bytes);
			return error_sys(err, errno, "cannot write the task");
		}
		off += (size_t)n;
	}
	free(bytes);
	return 0;
}

/* reapq-repro TASK MODULE... 0, or 125, said. */
static int
add_program(struct words *c, const struct options *opts, const char *task)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	char path[4096];

	if (programs_find("reapq-repro", "REAPQ_REPRO", path, sizeof path, &err) < 0) {
		say_error(&err);
		return EXITS_REAPQ;
	}
	if (words_add(c, path) == 0 && words_add(c, task) == 0 &&
	    modules_add(c, opts, NULL) == 0)
		return 0;
	say_line("no memory");
	return EXITS_REAPQ;
}

static int
make_command(struct words *c, const struct options *opts, const char *task)
{
	const char *gdb = getenv("REAPQ_GDB");
	int rc = words_add(c, gdb && *gdb ? gdb : "gdb");

	for (size_t i = 1; i < opts->args_n && rc == 0; i++)
		rc = words_add(c, opts->args[i]);
	if (rc == 0)
		rc = words_add(c, "--args");
	if (rc == 0)
		return add_program(c, opts, task);
	say_line("no memory");
	return EXITS_REAPQ;
}

static _Noreturn void
become_debugger(const struct words *c, int fail_fd)
{
	int code;

	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	(void)signal(SIGPIPE, SIG_DFL);
	execvp(c->argv[0], c->argv);
	code = errno;
	if (write(fail_fd, &code, sizeof code) < 0)
		_exit(126);
	_exit(127);
}

/* What is typed at the debugger's prompt is for it, an interrupt too. */
static int
run_command(const struct words *c)
{
	int fail[2], status = 0, code = 0;
	pid_t pid;

	if (pipe2(fail, O_CLOEXEC) != 0) {
		say_line("cannot make a pipe: %s", strerror(errno));
		return EXITS_REAPQ;
	}
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGQUIT, SIG_IGN);
	pid = fork();
	if (pid == 0)
		become_debugger(c, fail[1]);
	(void)close(fail[1]);
	if (pid < 0)
		code = errno;
	else if (read(fail[0], &code, sizeof code) != (ssize_t)sizeof code)
		code = 0;
	(void)close(fail[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (code != 0) {
		say_line("cannot run %s: %s. Install it, name another debugger in "
			 "REAPQ_GDB, or use --print-command",
		    c->argv[0], strerror(code));
		return EXITS_REAPQ;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : EXITS_SIGNAL + WTERMSIG(status);
}

int
repro_debug_run(const struct options *opts, const struct repro_task *t)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct words c = {0};
	char path[64];
	int fd = memfd_create("reapq-repro", MFD_CLOEXEC), rc;

	if (fd < 0) {
		say_line("cannot hold the task in memory: %s", strerror(errno));
		return EXITS_REAPQ;
	}
	(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
	if (write_task(t, fd, &err) < 0) {
		say_error(&err);
		rc = EXITS_REAPQ;
	} else {
		rc = make_command(&c, opts, path);
	}
	if (rc == 0)
		rc = run_command(&c);
	words_free(&c);
	(void)close(fd);
	return rc;
}

/* For a shell; words that need no quotes have none. */
static void
print_word(const char *word)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_-./=:,+@%";

	if (*word && word[strspn(word, plain)] == '\0') {
		(void)fputs(word, stdout);
		return;
	}
	(void)putchar('\'');
	for (; *word; word++) {
		if (*word == '\'')
			(void)fputs("'\\''", stdout);
		else
			(void)putchar(*word);
	}
	(void)putchar('\'');
}

int
repro_debug_print(const struct options *opts, const struct repro_task *t)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	const char *dir = getenv("TMPDIR");
	struct words c = {0};
	char path[4096];
	int fd, rc;

	(void)snprintf(
	    path, sizeof path, "%s/reapq-repro-XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkostemp(path, O_CLOEXEC); /* 0600 */
	if (fd < 0) {
		say_line("cannot make a file %s: %s", path, strerror(errno));
		return EXITS_REAPQ;
	}
	rc = write_task(t, fd, &err);
	(void)close(fd);
	if (rc < 0) {
		say_error(&err);
		rc = EXITS_REAPQ;
	} else {
		rc = add_program(&c, opts, path);
	}
	for (size_t i = 0; i < c.n && rc == 0; i++) {
		if (i > 0)
			(void)putchar(' ');
		print_word(c.argv[i]);
	}
	if (rc == 0) {
		(void)putchar('\n');
		rc = say_flush();
	}
	if (rc == 0)
		say_line("the task is in %s: remove it when you are done", path);
	else
		(void)unlink(path);
	words_free(&c);
	return rc;
}
