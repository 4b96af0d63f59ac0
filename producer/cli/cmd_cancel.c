/*
 * cmd_cancel.c - `reapq cancel`: asks that tasks don't start, or with --kill, stop.
 *
 * One that cannot be cancelled does not keep the others from it.
 */
#include "cmd.h"

#include <string.h>

#include "connect.h"
#include "exits.h"
#include "ref.h"
#include "say.h"

/* 0, or an exit status, said. */
static int
cancel_one(struct reapq_client *client, const struct options *opts, const char *text)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_future *future = NULL;
	struct ref ref = {"", ""};
	int rc = ref_parse(text, opts->queue, &ref, &err);

	if (rc == 0)
		rc = reapq_attach(client, ref.queue, ref.id, &future, &err);
	if (rc == 0)
		rc = reapq_future_cancel(future, opts->kill, &err);
	if (rc < 0)
		say_line("%s%s%s", strstr(err.msg, ref.id) ? "" : text,
		    strstr(err.msg, ref.id) ? "" : ": ", err.msg);
	if (rc == REAPQ_ETOOLATE && !opts->kill && !reapq_future_done(future))
		say_line("to stop it: reapq cancel --kill %s", text);
	reapq_future_free(future);
	if (rc == REAPQ_ETOOLATE || rc == REAPQ_ENOENT)
		return EXITS_NOT_ALL;
	return rc < 0 ? exits_of_error(rc) : 0;
}

static int
cancel(const struct options *opts)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client;
	int status = EXITS_OK;
	int rc;

	if (opts->args_n == 0)
		return cmd_misused(&cmd_cancel, "no task id to cancel");
	if (ref_check(opts->args, opts->args_n, &err) < 0)
		return cmd_misused(&cmd_cancel, "%s", err.msg);
	rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < opts->args_n && status != EXITS_REAPQ; i++) {
		rc = cancel_one(client, opts, opts->args[i]);
		if (rc > status)
			status = rc;
	}
	reapq_client_free(client);
	return status;
}

const struct cmd cmd_cancel = {
    .name = "cancel",
    .usage = "ID...",
    .summary = "Cancel tasks that have not started; with --kill, running ones too",
    .details =
	"Exit status: 0 all requests are stored; 1 some came too late, or are not\n"
	"known; 125 reapq failed; 2 bad usage.",
    .groups = FLAGS_KILL,
    .style = OPTIONS_ANYWHERE,
    .run = cancel,
};
