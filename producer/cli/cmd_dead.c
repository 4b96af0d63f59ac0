/*
 * cmd_dead.c - `reapq dead`: tasks that have failed for good.
 */
#include "cmd.h"

#include <reapq/admin.h>
#include <stdio.h>
#include <string.h>

#include "connect.h"
#include "dead_act.h"
#include "dead_print.h"
#include "exits.h"
#include "ref.h"
#include "say.h"

struct verb {
	const char *name;
	bool takes_ids, takes_all;
	int (*run)(const struct options *opts, struct reapq_client *client,
	    const char *const *ids, size_t n);
};

static int
ls(const struct options *opts, struct reapq_client *client, const char *const *ids,
    size_t n)
{
	(void)ids;
	(void)n;
	return dead_print_list(opts, client);
}

static int
show_one(const struct options *opts, struct reapq_client *client, const char *text)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_dead *dead = NULL;
	struct ref ref;
	int rc = ref_parse(text, opts->queue, &ref, &err);

	if (rc == 0)
		rc = reapq_dead_look(client, ref.queue, ref.id, &dead, &err);
	if (rc < 0) {
		say_error(&err);
		return rc == REAPQ_ENOENT ? EXITS_NOT_ALL : exits_of_error(rc);
	}
	rc = dead_print_one(dead, ref.queue, opts->json);
	reapq_dead_free(dead);
	return rc;
}

static int
show(const struct options *opts, struct reapq_client *client, const char *const *ids,
    size_t n)
{
	int status = EXITS_OK;

	for (size_t i = 0; i < n && status != EXITS_REAPQ; i++) {
		int rc;

		if (i > 0 && !opts->json)
			(void)putchar('\n');
		rc = show_one(opts, client, ids[i]);

		status = rc > status ? rc : status;
	}
	return status;
}

static int
retry(const struct options *opts, struct reapq_client *client, const char *const *ids,
    size_t n)
{
	if (opts->all)
		return dead_act_all(opts, client, DEAD_RETRY);
	return dead_act_ids(opts, client, DEAD_RETRY, ids, n);
}

static int
rm(const struct options *opts, struct reapq_client *client, const char *const *ids,
    size_t n)
{
	if (opts->all)
		return dead_act_all(opts, client, DEAD_REMOVE);
	return dead_act_ids(opts, client, DEAD_REMOVE, ids, n);
}

static const struct verb verbs[] = {
    {"ls", false, false, ls},
    {"show", true, false, show},
    {"retry", true, true, retry},
    {"rm", true, true, rm},
};

static const struct verb *
find(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* 0, or EXITS_USAGE, said. */
static int
check(const struct verb *verb, const struct options *opts, const char *const *ids,
    size_t n)
{
	bool filtered = opts->verdict || opts->handler || opts->older_ms >= 0;
	struct reapq_error err = REAPQ_ERROR_INIT;

	if (opts->all && !verb->takes_all)
		return cmd_misused(&cmd_dead, "--all is for retry and rm");
	if (!verb->takes_ids && n > 0)
		return cmd_misused(&cmd_dead, "%s takes no ids", verb->name);
	if (opts->all && n > 0)
		return cmd_misused(&cmd_dead, "give ids or --all, not both");
	if (verb->takes_ids && !opts->all && n == 0)
		return cmd_misused(&cmd_dead, "%s takes task ids%s", verb->name,
		    verb->takes_all ? ", or --all" : "");
	if (verb->takes_ids && !opts->all && filtered)
		return cmd_misused(&cmd_dead,
		    "--verdict, --handler and --older-than are for ls, or with --all");
	if (verb->takes_ids && opts->most)
		return cmd_misused(&cmd_dead, "--limit is for ls");
	if (ref_check(ids, n, &err) < 0)
		return cmd_misused(&cmd_dead, "%s", err.msg);
	return 0;
}

static int
dead(const struct options *opts)
{
	const struct verb *verb = find(opts->args_n > 0 ? opts->args[0] : "ls");
	const char *const *ids = opts->args + (opts->args_n > 0);
	size_t n = opts->args_n > 0 ? opts->args_n - 1 : 0;
	struct reapq_client *client;
	int rc, flushed;

	if (!verb)
		return cmd_misused(&cmd_dead,
		    "\"%.100s\" is none of ls, show, retry and rm", opts->args[0]);
	rc = check(verb, opts, ids, n);
	if (rc != 0)
		return rc;
	rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	rc = verb->run(opts, client, ids, n);
	reapq_client_free(client);
	flushed = say_flush();
	return flushed > rc ? flushed : rc;
}

const struct cmd cmd_dead = {
    .name = "dead",
    .usage = "[ls | show ID... | retry (ID... | --all) | rm (ID... | --all)]",
    .summary = "List, retry and remove tasks that have failed for good",
    .details =
	"retry puts a task back into its queue under the same id, policy and payload,\n"
	"from attempt 1, and prints its id; its old result is gone. What could not be\n"
	"read can't be run again. The list is that of one queue; it is bounded.\n\n"
	"Exit status: 0; 1 a task is not on the list, or can't be run again; 125\n"
	"reapq failed; 2 bad usage.",
    .groups = FLAGS_JSON | FLAGS_DEAD,
    .style = OPTIONS_ANYWHERE,
    .run = dead,
};
