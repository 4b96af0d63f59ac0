/*
 * cmd_crashes.c - `reapq crashes`: how often a queue's tasks have died in which way.
 *
 * Reads the dead list's signatures, page by page, and no report.
 */
#include "cmd.h"

#include <reapq/admin.h>
#include <stdio.h>
#include <string.h>

#include "connect.h"
#include "crash_groups.h"
#include "dead_pick.h"
#include "exits.h"
#include "json.h"
#include "ref.h"
#include "say.h"
#include "table.h"
#include "text.h"

static int
print_json(const struct crash_group *g, const char *queue)
{
	json_t *frames = json_array(), *ids = json_array();
	struct json j;

	for (size_t i = 0; i < g->sample.frames_n; i++)
		(void)json_array_append_new(frames, json_text(g->sample.frames[i]));
	for (size_t i = 0; i < g->ids_n; i++)
		(void)json_array_append_new(ids, json_text(g->ids[i]));
	json_start(&j);
	json_put_int(&j, "count", (int64_t)g->count);
	json_put_text(&j, "queue", queue);
	json_put_text(&j, "handler", g->sample.handler);
	json_put_text(&j, "verdict", g->sample.verdict);
	json_put_text(&j, "signal", *g->sample.signal ? g->sample.signal : NULL);
	json_put(&j, "frames", frames);
	json_put_time(&j, "first_at", g->first_ms);
	json_put_time(&j, "last_at", g->sample.died_ms);
	json_put(&j, "ids", ids);
	json_put_text(&j, "message", g->sample.message);
	return json_print(&j);
}

static void
add_row(struct table *t, const struct crash_group *g, const char *queue)
{
	char name[REF_MAX], first[TEXT_TIME_MAX], last[TEXT_TIME_MAX], count[24];
	char where[REAPQ_DEAD_FRAMES * (sizeof g->sample.frames[0] + 3)] = "";
	size_t len = 0;

	for (size_t i = 0; i < g->sample.frames_n; i++)
		len += (size_t)snprintf(where + len, sizeof where - len, "%s%s",
		    i ? " < " : "", g->sample.frames[i]);
	(void)snprintf(count, sizeof count, "%zu", g->count);
	table_add(t, (const char *const[]){count, g->sample.handler, g->sample.verdict,
			 g->sample.signal, where, text_time(g->first_ms, first),
			 text_time(g->sample.died_ms, last),
			 ref_format(queue, g->ids[0], name)});
}

static int
print_table(const struct crash_groups *g, size_t n, const char *queue)
{
	static const char *const header[] = {"COUNT", "HANDLER", "VERDICT", "SIGNAL",
	    "WHERE", "FIRST", "LAST", "LATEST"};
	struct table t;
	int rc = EXITS_OK;

	if (n == 0) {
		say_line("nothing has died in queue %s", queue);
		return rc;
	}
	table_init(&t, "rlllllll", header);
	for (size_t i = 0; i < n; i++)
		add_row(&t, g->groups[i], queue);
	if (table_print(&t, stdout) < 0) {
		say_line("no memory");
		rc = EXITS_REAPQ;
	}
	table_free(&t);
	return rc;
}

static int
collect(const struct options *opts, struct reapq_client *client,
    struct crash_groups *groups)
{
	struct dead_pick pick;
	int rc = EXITS_OK;

	dead_pick_init(&pick, opts, client);
	while (rc == EXITS_OK && !pick.over) {
		struct reapq_dead_info *list;
		size_t n;

		rc = dead_pick_next(&pick, &list, &n);
		if (rc != EXITS_OK)
			break;
		for (size_t i = 0; i < n && rc == EXITS_OK; i++)
			if (crash_groups_add(groups, &list[i]) < 0) {
				say_line("no memory");
				rc = EXITS_REAPQ;
			}
		reapq_dead_list_free(list, n);
	}
	return rc;
}

static int
crashes(const struct options *opts)
{
	struct crash_groups groups = {0};
	struct reapq_client *client;
	size_t n;
	int rc;

	if (opts->args_n > 0)
		return cmd_misused(&cmd_crashes, "it takes no arguments");
	rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	rc = collect(opts, client, &groups);
	reapq_client_free(client);
	crash_groups_sort(&groups);
	n = groups.n;
	if (opts->most && (size_t)opts->most < n)
		n = (size_t)opts->most;
	if (rc == EXITS_OK && !opts->json)
		rc = print_table(&groups, n, opts->queue);
	for (size_t i = 0; rc == EXITS_OK && opts->json && i < n; i++)
		rc = print_json(groups.groups[i], opts->queue);
	crash_groups_free(&groups);
	return rc ? rc : say_flush();
}

const struct cmd cmd_crashes = {
    .name = "crashes",
    .usage = "",
    .summary = "Count a queue's dead tasks by handler, verdict, signal and place",
    .details =
	"WHERE is the top of the backtrace, the innermost frame first; LATEST is\n"
	"the task that died last: reapq why says more.",
    .groups = FLAGS_JSON | FLAGS_CRASHES,
    .style = OPTIONS_ANYWHERE,
    .run = crashes,
};
