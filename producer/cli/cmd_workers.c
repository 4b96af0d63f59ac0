/*
 * cmd_workers.c - `reapq workers`: who runs tasks, and what they allow.
 *
 * All queues unless --queue names one; workers that are gone stay listed for an
 * hour.
 */
#include "cmd.h"

#include <inttypes.h>
#include <reapq/admin.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "connect.h"
#include "exits.h"
#include "json.h"
#include "say.h"
#include "table.h"
#include "units.h"

static int
print_json(const struct reapq_worker_info *w)
{
	struct json j;

	json_start(&j);
	json_put_text(&j, "id", w->id);
	json_put_text(&j, "host", w->host);
	json_put_int(&j, "pid", w->pid);
	json_put_text(&j, "queues", w->queues);
	json_put_text(&j, "handlers", w->handlers);
	json_put_text(&j, "isolation", w->isolation);
	json_put_text(&j, "hardening", w->hardening);
	json_put_text(&j, "version", w->version);
	json_put_int(&j, "slots", w->slots);
	json_put_int(&j, "busy", w->busy);
	json_put_int(&j, "tasks_done", w->tasks_done);
	json_put_time(&j, "started_at", w->started_ms);
	json_put_time(&j, "heartbeat_at", w->heartbeat_ms);
	json_put_time(&j, "fetched_at", w->fetched_ms);
	json_put(&j, "alive", json_boolean(w->alive));
	return json_print(&j);
}

static void
add_row(struct table *t, const struct reapq_worker_info *w)
{
	int64_t now = clock_wall_ms();
	int64_t age =
	    now > w->started_ms && w->started_ms > 0 ? now - w->started_ms : 0;
	char pid[24], slots[56], done[24], up[32], handlers[64], fetched[32] = "never",
								 isolation[160];

	(void)snprintf(pid, sizeof pid, "%" PRId64, w->pid);
	(void)snprintf(slots, sizeof slots, "%" PRId64 "/%" PRId64, w->busy, w->slots);
	/* A worker may have dozens: --json shows them all. */
	(void)snprintf(handlers, sizeof handlers, "%.56s%s", w->handlers,
	    strlen(w->handlers) > 56 ? "..." : "");
	(void)snprintf(isolation, sizeof isolation, "%s%s%s", w->isolation,
	    *w->hardening ? " " : "", w->hardening);
	(void)snprintf(done, sizeof done, "%" PRId64, w->tasks_done);
	/* Whole seconds once it is a matter of seconds: nobody reads more. */
	(void)units_format_ms(age > 10000 ? age / 1000 * 1000 : age, up, sizeof up);
	if (w->fetched_ms > 0)
		(void)units_format_ms(now > w->fetched_ms ? now - w->fetched_ms : 0,
		    fetched, sizeof fetched);
	table_add(
	    t, (const char *const[]){w->id, w->host, pid, w->alive ? "alive" : "gone",
		   slots, done, up, fetched, w->queues, isolation, handlers});
}

static int
print_table(const struct reapq_worker_info *list, size_t n)
{
	static const char *const header[] = {"WORKER", "HOST", "PID", "STATE", "BUSY",
	    "DONE", "UP", "FETCHED", "QUEUES", "ISOLATION", "HANDLERS"};
	struct table t;
	int rc = EXITS_OK;

	if (n == 0) {
		say_line("no worker: start one with reapq-worker");
		return rc;
	}
	table_init(&t, "llrlrrrrlll", header);
	for (size_t i = 0; i < n; i++)
		add_row(&t, &list[i]);
	if (table_print(&t, stdout) < 0) {
		say_line("no memory");
		rc = EXITS_REAPQ;
	}
	table_free(&t);
	return rc;
}

static int
print_all(const struct options *opts, struct reapq_client *client)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_worker_info *list;
	size_t n;
	int rc = EXITS_OK;

	if (reapq_worker_list(
		client, opts->queue_given ? opts->queue : NULL, &list, &n, &err) < 0) {
		say_error(&err);
		return EXITS_REAPQ;
	}
	/* Some queue's could not be read. */
	if (err.code < 0)
		say_error(&err);
	if (opts->json)
		for (size_t i = 0; i < n && rc == EXITS_OK; i++)
			rc = print_json(&list[i]);
	else
		rc = print_table(list, n);
	reapq_worker_list_free(list, n);
	return rc ? rc : say_flush();
}

static int
run(const struct options *opts)
{
	struct reapq_client *client;
	int rc;

	if (opts->args_n > 0)
		return cmd_misused(&cmd_workers, "it takes no arguments");
	rc = connect_open(opts, &client);
	if (rc != 0)
		return rc;
	rc = print_all(opts, client);
	reapq_client_free(client);
	return rc;
}

const struct cmd cmd_workers = {
    .name = "workers",
    .usage = "",
    .summary = "Show the workers, of all queues or of the one that --queue names",
    .details =
	"BUSY is slots in use of all slots; DONE counts attempts since the worker\n"
	"started. FETCHED is how long ago Redis last answered its claims, or its wait "
	"for\n"
	"tasks: more than a few seconds, and it takes nothing although it is alive.",
    .groups = FLAGS_JSON,
    .style = OPTIONS_ANYWHERE,
    .run = run,
};
