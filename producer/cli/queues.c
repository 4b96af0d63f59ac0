/*
 * queues.c - prints the queues, as a table or as JSON.
 *
 * Counts are read queue by queue and are exact for none of them while work goes
 * on; nothing here adds them up.
 */
#include "queues.h"

#include <inttypes.h>
#include <reapq/admin.h>
#include <stdio.h>

#include "exits.h"
#include "json.h"
#include "say.h"
#include "table.h"

/* What is under the key is no list of tasks. */
static void
put_count(struct json *j, const char *key, int64_t count)
{
	json_put(j, key, count < 0 ? json_null() : json_integer(count));
}

static int
print_json(const struct reapq_queue_info *q)
{
	struct json j;

	json_start(&j);
	json_put_text(&j, "name", q->name);
	put_count(&j, "queued_high", q->queued_high);
	put_count(&j, "queued_normal", q->queued_normal);
	put_count(&j, "queued_low", q->queued_low);
	put_count(&j, "delayed", q->delayed);
	put_count(&j, "running", q->running);
	put_count(&j, "suspect", q->suspect);
	put_count(&j, "dead", q->dead);
	put_count(&j, "workers", q->workers);
	json_put(&j, "paused", q->paused < 0 ? json_null() : json_boolean(q->paused));
	return json_print(&j);
}

static void
add_row(struct table *t, const struct reapq_queue_info *q)
{
	const int64_t counts[8] = {q->queued_high, q->queued_normal, q->queued_low,
	    q->delayed, q->running, q->suspect, q->dead, q->workers};
	char texts[8][24];
	const char *row[10] = {q->name};

	for (int i = 0; i < 8; i++) {
		if (counts[i] < 0)
			(void)snprintf(texts[i], sizeof texts[i], "?");
		else
			(void)snprintf(
			    texts[i], sizeof texts[i], "%" PRId64, counts[i]);
		row[i + 1] = texts[i];
	}
	row[9] = q->paused < 0 ? "?" : q->paused ? "yes" : "no";
	table_add(t, row);
}

static int
print_table(const struct reapq_queue_info *list, size_t n)
{
	static const char *const header[] = {"QUEUE", "HIGH", "NORMAL", "LOW",
	    "DELAYED", "RUNNING", "SUSPECT", "DEAD", "WORKERS", "PAUSED"};
	struct table t;
	int rc = EXITS_OK;

	if (n == 0) {
		say_line("no queue yet: no worker or producer has named one");
		return rc;
	}
	table_init(&t, "lrrrrrrrrl", header);
	for (size_t i = 0; i < n; i++)
		add_row(&t, &list[i]);
	if (table_print(&t, stdout) < 0) {
		say_line("no memory");
		rc = EXITS_REAPQ;
	}
	table_free(&t);
	return rc;
}

int
queues_print(struct reapq_client *client, bool json)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_queue_info *list;
	size_t n;
	int rc = EXITS_OK;

	if (reapq_queue_list(client, &list, &n, &err) < 0) {
		say_error(&err);
		return EXITS_REAPQ;
	}
	if (json)
		for (size_t i = 0; i < n && rc == EXITS_OK; i++)
			rc = print_json(&list[i]);
	else
		rc = print_table(list, n);
	reapq_queue_list_free(list, n);
	return rc ? rc : say_flush();
}
