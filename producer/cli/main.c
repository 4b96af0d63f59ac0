/*
 * main.c - finds the command, reads its flags and runs it.
 *
 * Knows no command but by the table below. SIGPIPE is ignored: a reader that went
 * away shows as a failed write, so that `map` can still cancel what nobody wants.
 */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exits.h"
#include "say.h"

static const struct cmd *const cmds[] = {&cmd_run, &cmd_call, &cmd_submit, &cmd_wait,
    &cmd_map, &cmd_cancel, &cmd_status, &cmd_why, &cmd_queues, &cmd_workers, &cmd_pause,
    &cmd_resume, &cmd_drain, &cmd_limit, &cmd_dead, &cmd_crashes, &cmd_repro};

enum {
	N_CMDS = sizeof cmds / sizeof cmds[0]
};

static const struct cmd *
find(const char *name)
{
	for (size_t i = 0; i < N_CMDS; i++)
		if (strcmp(cmds[i]->name, name) == 0)
			return cmds[i];
	return NULL;
}

static void
help(FILE *out)
{
	(void)fputs(
	    "usage: reapq COMMAND [FLAGS] [ARGUMENTS]\n"
	    "\nSubmits tasks that may die, waits for them, and says why they did.\n"
	    "\nCommands (reapq COMMAND --help says more):\n",
	    out);
	for (size_t i = 0; i < N_CMDS; i++)
		(void)fprintf(out, "  %-8s  %s\n", cmds[i]->name, cmds[i]->summary);
	flags_print(FLAGS_COMMON, out);
}

static void
help_cmd(const struct cmd *cmd)
{
	(void)printf(
	    "usage: reapq %s [FLAGS] %s\n\n%s.\n", cmd->name, cmd->usage, cmd->summary);
	if (cmd->details)
		(void)printf("\n%s\n", cmd->details);
	flags_print(cmd->groups | FLAGS_COMMON, stdout);
}

int
cmd_misused(const struct cmd *cmd, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	say_line("%s: %s. Try: reapq %s --help", cmd->name, what, cmd->name);
	return EXITS_USAGE;
}

static int
unknown(const char *name)
{
	char names[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < N_CMDS; i++) {
		int n = snprintf(names + len, sizeof names - len, "%s%s", i ? ", " : "",
		    cmds[i]->name);

		len += n > 0 ? (size_t)n : 0;
		if (len >= sizeof names)
			break;
	}
	say_line("there is no command \"%.100s\". There are: %s. Try: reapq --help",
	    name, names);
	return EXITS_USAGE;
}

static int
run_cmd(const struct cmd *cmd, struct options *opts, int argc, char **argv)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int rc = options_parse(
	    opts, cmd->groups | FLAGS_COMMON, cmd->style, argc, argv, &err);

	if (rc == REAPQ_ENOMEM) {
		say_error(&err);
		return EXITS_REAPQ;
	}
	if (rc < 0)
		return cmd_misused(cmd, "%s", err.msg);
	if (opts->help) {
		help_cmd(cmd);
		return say_flush();
	}
	if (opts->version) {
		(void)puts("reapq " REAPQ_VERSION);
		return say_flush();
	}
	return cmd->run(opts);
}

/* `reapq help [COMMAND]`, for those who type it so. */
static int
help_named(const struct options *opts)
{
	const struct cmd *cmd = opts->args_n > 1 ? find(opts->args[1]) : NULL;

	if (opts->args_n > 1 && !cmd)
		return unknown(opts->args[1]);
	if (cmd)
		help_cmd(cmd);
	else
		help(stdout);
	return say_flush();
}

static int
dispatch(struct options *opts, int argc, char **argv)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	const struct cmd *cmd;

	if (options_init(opts, &err) < 0) {
		say_error(&err);
		return EXITS_USAGE;
	}
	/* The common flags may stand before the command too. */
	if (options_parse(opts, FLAGS_COMMON, OPTIONS_FIRST, argc, argv, &err) < 0) {
		say_line("%s. Try: reapq --help", err.msg);
		return EXITS_USAGE;
	}
	if (opts->version) {
		(void)puts("reapq " REAPQ_VERSION);
		return say_flush();
	}
	if (opts->help) {
		help(stdout);
		return say_flush();
	}
	if (opts->args_n == 0) {
		help(stderr);
		return EXITS_USAGE;
	}
	if (strcmp(opts->args[0], "help") == 0)
		return help_named(opts);
	cmd = find(opts->args[0]);
	if (!cmd)
		return unknown(opts->args[0]);
	return run_cmd(cmd, opts, (int)opts->args_n, argv + 1);
}

/*
 * Without them the connection to Redis would get descriptor 1, and what is printed would
 * go there. Opened the wrong way round, so that using them still fails.
 */
static void
open_missing(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open(
			    "/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int
main(int argc, char **argv)
{
	struct options opts;
	int status;

	open_missing();
	(void)signal(SIGPIPE, SIG_IGN);
	status = dispatch(&opts, argc, argv);
	options_free(&opts);
	return status;
}
