/*
 * cmd_run.c - `reapq run`: a command somewhere else, as if it had run here.
 *
 * Its output is passed on byte for byte, its exit status becomes this program's. A
 * line of reapq's own appears only when the command did not end by itself.
 */
#include "cmd.h"

#include <stdio.h>

#include "exits.h"
#include "one.h"
#include "say.h"
#include "target.h"
#include "units.h"

static void
say_cut(const char *stream, const char *kept, size_t len, int truncated)
{
	char size[32];

	if (truncated)
		say_line("%s was cut: the %s %s were kept. Raise --output-limit",
		    stream, kept, units_format_size((int64_t)len, size, sizeof size));
}

static int
pass_on(const struct options *opts, const struct reapq_report *report)
{
	int by_itself = report->outcome == REAPQ_RETURNED ||
			(report->verdict == REAPQ_V_EXIT && report->exit_status > 0);
	int rc;

	if (report->out_len > 0)
		(void)fwrite(report->out, 1, report->out_len, stdout);
	rc = say_flush();
	if (report->err_len > 0)
		(void)fwrite(report->err, 1, report->err_len, stderr);
	say_cut("standard output", "first", report->out_len, report->out_truncated);
	say_cut("standard error", "last", report->err_len, report->err_truncated);
	if (!by_itself || opts->verbose)
		say_line("%s", report->message);
	return rc;
}

const struct one one_command = {&cmd_run, target_command, pass_on, exits_of_run};

static int
run(const struct options *opts)
{
	return one_run(&one_command, opts);
}

const struct cmd cmd_run = {
    .name = "run",
    .usage = "[--] COMMAND [ARG]...",
    .summary = "Submit a command, wait, pass its output and status on",
    .details =
	"Needs a worker with --allow-exec. The command reads nothing on standard "
	"input\n"
	"unless --stdin or --payload-file says so. An interrupt stops it.\n\n"
	"Exit status: the command's own; 124 its time limit; 125 reapq failed; 126 it "
	"did\n"
	"not run to an end that has a status; 128+N killed by signal N; 2 bad usage.",
    .groups = FLAGS_LIMITS | FLAGS_POLICY | FLAGS_ID | FLAGS_EXEC | FLAGS_PAYLOAD |
	      FLAGS_STDIN | FLAGS_JSON | FLAGS_TIMEOUT | FLAGS_VERBOSE,
    .style = OPTIONS_FIRST,
    .run = run,
};
