/*
 * cmd_call.c - `reapq call`: a handler's result on standard output, as it is.
 *
 * A task that did not return says why on standard error, and nothing at all on
 * standard output.
 */
#include "cmd.h"

#include <stdio.h>
#include <unistd.h>

#include "exits.h"
#include "one.h"
#include "say.h"
#include "target.h"

static int
print_result(const struct options *opts, const struct reapq_report *report)
{
	if (report->outcome != REAPQ_RETURNED || opts->verbose)
		say_line("%s", report->message);
	if (report->outcome == REAPQ_RETURNED && report->result_len > 0) {
		const char *result = report->result;

		(void)fwrite(result, 1, report->result_len, stdout);
		/* For the prompt that follows. Into a file or pipe it goes as it is. */
		if (result[report->result_len - 1] != '\n' && isatty(STDOUT_FILENO))
			(void)putchar('\n');
	}
	return say_flush();
}

const struct one one_handler = {&cmd_call, target_handler, print_result, exits_of_call};

static int
call(const struct options *opts)
{
	return one_run(&one_handler, opts);
}

const struct cmd cmd_call = {
    .name = "call",
    .usage = "HANDLER [PAYLOAD]",
    .summary = "Submit to a named handler, wait, print the result",
    .details =
	"PAYLOAD - reads standard input; one that begins with a dash stands after --.\n"
	"An interrupt stops the task.\n\n"
	"Exit status: 0 returned; 1 failed; 124 its time limit; 125 reapq failed; 126 "
	"it\n"
	"did not run to an end that has a status; 128+N killed by signal N; 2 bad "
	"usage.",
    .groups = FLAGS_LIMITS | FLAGS_POLICY | FLAGS_ID | FLAGS_PAYLOAD | FLAGS_JSON |
	      FLAGS_TIMEOUT | FLAGS_VERBOSE,
    .style = OPTIONS_ANYWHERE,
    .run = call,
};
