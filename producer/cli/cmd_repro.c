/*
 * cmd_repro.c - `reapq repro`: what a task died of, once more, on this machine.
 *
 * The task itself is left alone: its Redis is only read, and what runs is a copy of it on
 * a private worker with a Redis of its own, or in a process under a debugger.
 */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "exits.h"
#include "one.h"
#include "repro_compare.h"
#include "repro_debug.h"
#include "repro_task.h"
#include "repro_worker.h"
#include "say.h"
#include "text.h"

/*
 * What a queue says is run here now: so that nobody is surprised by it. All of it, however
 * long it is, as one might type it.
 */
static void
say_what(const struct repro_task *t)
{
	struct buf line = {0}, clean = {0};
	const char *shown;

	if (!repro_task_is_command(t))
		return;
	if (t->task.cwd || t->task.env)
		(void)buf_addf(&line, " env");
	if (t->task.cwd)
		(void)buf_addf(&line, " -C %s", t->task.cwd);
	for (size_t i = 0; t->task.env && t->task.env[i]; i++)
		(void)buf_addf(&line, " %s", t->task.env[i]);
	for (size_t i = 0; t->task.argv[i]; i++)
		(void)buf_addf(&line, " %s", t->task.argv[i]);
	(void)text_clean(&clean, line.data, line.len);
	shown = buf_str(&clean);
	(void)fprintf(
	    stderr, "reapq: running here:%s\n", shown ? shown : " (no memory)");
	buf_free(&clean);
	buf_free(&line);
}

static int
say_comparison(const struct repro_task *t, const struct reapq_report *here)
{
	char text[1024];

	if (!t->record) {
		say_line("%s here; how the task ended there is not known: nothing to "
			 "compare with",
		    here->verdict_name);
		return EXITS_NOT_ALL;
	}
	if (repro_task_limits_known(t)) {
		repro_compare_limits(
		    &t->record->limits, &here->limits, text, sizeof text);
		if (*text && here->verdict != REAPQ_V_NOT_STARTED)
			say_line("not under the same limits: %s", text);
	}
	if (here->verdict == REAPQ_V_NOT_STARTED && !repro_task_is_command(t) &&
	    t->record->verdict != REAPQ_V_NOT_STARTED)
		say_line("the handler comes from a module: --module FILE.so");
	repro_compare(t->record, here, text, sizeof text);
	say_line("%s", text);
	return repro_same(t->record, here) ? EXITS_OK : EXITS_NOT_ALL;
}

static int
run_here(const struct options *opts, const struct repro_task *t)
{
	const struct one *one = repro_task_is_command(t) ? &one_command : &one_handler;
	struct reapq_client *client;
	struct reapq_future *future;
	struct repro_worker worker;
	int rc = repro_worker_start(&worker, opts, t);

	if (rc != 0)
		return rc;
	rc = repro_worker_run(&worker, t, &client, &future);
	repro_worker_end(&worker);
	if (rc != 0)
		return rc;
	rc = one_show(one, opts, reapq_future_report(future));
	if (rc == 0)
		rc = say_comparison(t, reapq_future_report(future));
	reapq_future_free(future);
	reapq_client_free(client);
	return rc;
}

/* A payload may be a secret: for the user alone, and never over another file. */
static int
save(const struct options *opts, const struct repro_task *t)
{
	const char *path = opts->save_message;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool written = file != NULL && fwrite(t->message.data, 1, t->message.len,
					   file) == t->message.len;

	if (file ? fclose(file) == 0 && written : false)
		return EXITS_OK;
	say_line("cannot write %s: %s", path, strerror(errno));
	return EXITS_REAPQ;
}

static int
act(const struct options *opts, const struct repro_task *t)
{
	if (opts->save_message)
		return save(opts, t);
	if (opts->print_command)
		return repro_debug_print(opts, t);
	say_what(t);
	return opts->gdb ? repro_debug_run(opts, t) : run_here(opts, t);
}

static int
repro(const struct options *opts)
{
	const char *name = opts->args_n > 0 ? opts->args[0] : NULL;
	struct repro_task task = {0};
	int rc;

	if (!name && !opts->message_file)
		return cmd_misused(&cmd_repro, "it takes one task id");
	if (opts->args_n > 1 && !opts->gdb)
		return cmd_misused(
		    &cmd_repro, "it takes one task id; what follows it is for --gdb");
	if (opts->gdb + opts->print_command + (opts->save_message != NULL) +
		opts->json >
	    1)
		return cmd_misused(&cmd_repro,
		    "--gdb, --print-command, --save-message and --json do not go "
		    "together");
	rc = repro_task_load(opts, name, &task);
	if (rc == 0)
		rc = act(opts, &task);
	repro_task_free(&task);
	return rc;
}

const struct cmd cmd_repro = {
    .name = "repro",
    .usage = "ID [DEBUGGER-ARG]...",
    .summary = "Run a task once more, here, and say whether it dies the same way",
    .details =
	"The task's message is run with the limits that were in force, on a worker and "
	"a\n"
	"redis-server of its own, and the report printed as by run or call. The task "
	"itself,\n"
	"its result and its queue are left as they are. A command is run as it stands: "
	"read\n"
	"it first (reapq why ID) if you do not trust the queue.\n\n"
	"With --gdb the handler is called, or the command executed, under gdb (or "
	"$REAPQ_GDB),\n"
	"without limits of memory and time; what stands after the id goes to gdb:\n"
	"  reapq repro --gdb --module m.so ID -- -batch -ex run -ex bt\n"
	"Other tools: eval \"valgrind $(reapq repro --print-command --module m.so "
	"ID)\"\n\n"
	"Exit status: 0 the same verdict, signal and exit status; 1 another, or none "
	"is\n"
	"known; 125 it could not be run; 128+N interrupted; 2 bad usage. With --gdb, "
	"the\n"
	"debugger's.",
    .groups = FLAGS_JSON | FLAGS_VERBOSE | FLAGS_REPRO,
    .style = OPTIONS_ANYWHERE,
    .run = repro,
};
