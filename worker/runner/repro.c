/*
 * repro.c - reapq-repro: one task in this very process, for a debugger to look at.
 *
 * `reapq repro` writes the file that it reads and names it on the command line; a
 * debugger stands in between. Modules, limits, standard input, directory and environment
 * are as in a child (see child.c), then the handler is called, or the command executed,
 * right here: no fork, no channel, and none of the handlers that record a crash, so that
 * the signal is the debugger's. The file has no limit of memory or time in it. A result
 * goes to standard output, what the handler says to standard error.
 */
#include "call.h"
#include "crash.h"
#include "exec.h"
#include "loader.h"
#include "rlimits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

enum {
	END_DONE = 0,
	END_FAILED = 1,
	END_USAGE = 2,
	END_SETUP = 120 /* no user code has run */
};

static void
say(const char *what, const void *text, size_t len)
{
	fprintf(stderr, "reapq-repro: %s: %.*s\n", what, (int)len, (const char *)text);
}

/* In place of call_send.c: nobody is at the other end. */
int
call_send(struct reapq_call *call, enum frame_type type, const void *data, size_t len)
{
	(void)call;
	switch (type) {
	case FRAME_PART:
		return fwrite(data, 1, len, stdout) == len ? 0 : -EIO;
	case FRAME_LOG:
		say("it says", data, len);
		return 0;
	case FRAME_TOO_BIG:
		say("its result is larger than its limit", "no more is written", 18);
		return 0;
	case FRAME_DONE:
	case FRAME_FAILED:
	case FRAME_REFUSED:
	case FRAME_TYPE_COUNT:
	default:
		return 0;
	}
}

/* In place of crash.c's, which has a page to write it to. */
void
crash_note(const char *fmt, va_list ap)
{
	char text[FRAME_LOG_MAX];

	vsnprintf(text, sizeof(text), fmt, ap);
	say("note", text, strlen(text));
}

static _Noreturn void
refuse(const char *what, const char *name, const char *why)
{
	fprintf(stderr, "reapq-repro: %s%s%s%s: %s\n", what, name == NULL ? "" : " '",
	    name == NULL ? "" : name, name == NULL ? "" : "'", why);
	_exit(END_SETUP);
}

/* As in a child: none of our variables, and nothing on standard input. */
static void
forget_the_terminal(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (size_t i = 0; environ[i] != NULL;) {
		char name[128];
		size_t len = strcspn(environ[i], "=");

		if (strncmp(environ[i], "REAPQ_", 6) != 0 || len >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], len);
		name[len] = '\0';
		(void)unsetenv(name);
	}
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		refuse("cannot open", "/dev/null", strerror(errno));
	close(null);
}

static void
receive(struct reapq_call *call, const char *path)
{
	uint32_t magic = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		refuse("cannot open", path, strerror(errno));
	/* Of this build; else no more of it can be relied on. */
	if (pread(fd, &magic, sizeof(magic), 0) != (ssize_t)sizeof(magic) ||
	    magic != FRAME_MAGIC)
		refuse("cannot read", path, "it is no task that reapq repro wrote");
	rc = call_receive(call, fd);
	if (rc != 0)
		refuse("cannot read", path, rc < 0 ? strerror(-rc) : "it is cut off");
}

static void
limit(struct reapq_call *call, bool fresh_image)
{
	const char *what = "";
	int rc = rlimits_apply(&call->head.limits, fresh_image, &what);

	/* Some tools keep a part of a limit for themselves. */
	if (rc != 0)
		fprintf(stderr, "reapq-repro: goes on without the limit '%s': %s\n",
		    what, strerror(-rc));
}

static _Noreturn void
run_exec(struct reapq_call *call)
{
	const char *what = "", *name = NULL;
	char **argv = NULL;
	int rc = exec_prepare(call, &argv, &what, &name);

	if (rc != 0)
		refuse(what, name, strerror(-rc));
	limit(call, true);
	execvp(argv[0], argv);
	refuse("cannot execute", argv[0], strerror(errno));
}

static int
run_handler(struct reapq_call *call, char *const *modules, size_t n)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct loader *loader = NULL;
	const struct reapq_handler *h;
	enum reapq_answer answer;

	if (loader_new(&loader, modules, n, &err) != 0)
		refuse("cannot load the modules", NULL, err.msg);
	h = loader_find(loader, call->handler);
	if (h == NULL)
		refuse("no handler", call->handler,
		    "no module that was named has it (--module FILE.so)");
	limit(call, false);
	answer = h->run(call);
	if (fflush(stdout) != 0)
		refuse("cannot write", NULL, strerror(errno));
	if (answer == REAPQ_DONE && !call->too_big)
		return END_DONE;
	if (!call->too_big)
		say("it failed", call->error, strlen(call->error));
	return END_FAILED;
}

int
main(int argc, char **argv)
{
	struct reapq_call call;

	if (argc < 2) {
		fprintf(stderr,
		    "usage: reapq-repro TASK [MODULE.so]...\n"
		    "Runs a task in this process, for a debugger; see reapq repro "
		    "--print-command.\n");
		return END_USAGE;
	}
	receive(&call, argv[1]);
	forget_the_terminal();
	if (call.head.argc > 0)
		run_exec(&call);
	/* As a child ends: what the modules registered with atexit does not run. */
	_exit(run_handler(&call, argv + 2, (size_t)(argc - 2)));
}
