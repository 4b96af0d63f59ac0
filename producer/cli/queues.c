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
#include "units.h"

/* What is under the key is no list of tasks. */
static void
put_count(struct json *j, const char *key, int64_t count)
{
	json_put(j, key, count < 0 ? json_null() : json_integer(count));
}

const char *
queues_rate(const struct reapq_queue_info *q, char buf[QUEUES_RATE_MAX])
{
	char per[32];

	if (q->rate_max <= 0)
		return "";
	(void)units_format_ms(q->rate_ms, per, sizeof per);
	(void)snprintf(buf, QUEUES_RATE_MAX, "%" PRId64 "/%s", q->rate_max,
	    q->rate_ms == 1000      ? "s"
	    : q->rate_ms == 60000   ? "m"
	    : q->rate_ms == 3600000 ? "h"
				    : per);
	return buf;
}

const char *
queues_state(const struct reapq_queue_info *q)
{
	if (q->paused < 0 || q->draining < 0)
		return "?";
	if (q->paused)
		return q->draining ? "paused, draining" : "paused";
	return q->draining ? "draining" : "open";
}

static json_t *
rate_json(const struct reapq_queue_info *q)
{
	if (q->rate_max <= 0)
		return json_null();
	return json_pack("{s:I,s:I}", "starts", (json_int_t)q->rate_max, "per_ms",
	    (json_int_t)q->rate_ms);
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
	json_put(
	    &j, "draining", q->draining < 0 ? json_null() : json_boolean(q->draining));
	json_put(&j, "rate", rate_json(q));
	put_count(&j, "max_length", q->max_length > 0 ? q->max_length : -1);
	return json_print(&j);
}

static void
add_row(struct table *t, const struct reapq_queue_info *q)
{
	const int64_t counts[8] = {q->queued_high, q->queued_normal, q->queued_low,
	    q->delayed, q->running, q->suspect, q->dead, q->workers};
	char texts[8][24];
	char rate[QUEUES_RATE_MAX], length[24] = "";
	const char *row[12] = {q->name};

	for (int i = 0; i < 8; i++) {
		if (counts[i] < 0)
			(void)snprintf(texts[i], sizeof texts[i], "?");
		else
			(void)snprintf(
			    texts[i], sizeof texts[i], "%" PRId64, counts[i]);
		row[i + 1] = texts[i];
	}
	if (q->max_length > 0)
		(void)snprintf(length, sizeof length, "%" PRId64, q->max_length);
	row[9] = queues_state(q);
	row[10] = queues_rate(q, rate);
	row[11] = length;
	table_add(t, row);
}

static int
print_table(const struct reapq_queue_info *list, size_t n)
{
	static const char *const header[] = {"QUEUE", "HIGH", "NORMAL", "LOW",
	    "DELAYED", "RUNNING", "SUSPECT", "DEAD", "WORKERS", "STATE", "RATE", "MAX"};
	struct table t;
	int rc = EXITS_OK;

	if (n == 0) {
		say_line("no queue yet: no worker or producer has named one");
		return rc;
	}
	table_init(&t, "lrrrrrrrrlrr", header);
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
