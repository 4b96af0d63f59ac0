/*
 * cmd_queues.c - `reapq queues`: how much is where.
 */
#include "cmd.h"

#include <stdio.h>

#include "connect.h"
#include "exits.h"
#include "json.h"
#include "queues.h"
#include "say.h"

static int
run(const struct options *opts)
{
	struct reapq_client *client;
	int rc;

	if (opts->args_n > 0)
		return cmd_misused(&cmd_queues, "it takes no arguments");
	rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	rc = queues_print(client, opts->json);
	reapq_client_free(client);
	return rc;
}

const struct cmd cmd_queues = {
    .name = "queues",
    .usage = "",
    .summary = "Show what is queued, running and dead in each queue",
    .details = "HIGH, NORMAL and LOW count what is queued; DELAYED waits for its time "
	       "or for a\n"
	       "retry; SUSPECT lost its worker and waits to run again; DEAD failed\n"
	       "for good: see reapq dead.",
    .groups = FLAGS_JSON,
    .style = OPTIONS_ANYWHERE,
    .run = run,
};
