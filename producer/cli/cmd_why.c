/*
 * cmd_why.c - `reapq why`: why a task ended as it did, in words.
 *
 * Reads, never waits: a task that has not ended is shown as it stands.
 */
#include "cmd.h"

#include <stdio.h>

#include "connect.h"
#include "exits.h"
#include "look.h"
#include "ref.h"
#include "say.h"
#include "show.h"

static int
print_why(struct look *look)
{
	if (look->report) {
		show_why(look->report, stdout);
	} else {
		(void)printf("It has not ended.\n\n");
		show_task(&look->info, stdout);
	}
	return say_flush();
}

static int
why(const struct options *opts)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client;
	struct look look;
	int rc;

	if (opts->args_n != 1)
		return cmd_misused(&cmd_why, "it takes one task id");
	if (ref_check(opts->args, opts->args_n, &err) < 0)
		return cmd_misused(&cmd_why, "%s", err.msg);
	rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	rc = look_at(opts, client, opts->args[0], &look);
	if (rc == 0) {
		rc = print_why(&look);
		look_free(&look);
	}
	reapq_client_free(client);
	return rc;
}

const struct cmd cmd_why = {
    .name = "why",
    .usage = "ID",
    .summary = "Say why a task ended as it did, with the evidence",
    .details =
	"Exit status: 0 it is known, whatever it says; 1 there is no such task; 125\n"
	"reapq failed; 2 bad usage.",
    .groups = 0,
    .style = OPTIONS_ANYWHERE,
    .run = why,
};
