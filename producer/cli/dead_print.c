/*
 * dead_print.c - prints entries of a dead list.
 *
 * JSON lines go out page by page; a table needs all its rows first. Every text in a
 * record is a stranger's, and goes through the table's, json's or show's cleaning.
 */
#include "dead_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "dead_pick.h"
#include "exits.h"
#include "json.h"
#include "ref.h"
#include "say.h"
#include "show.h"
#include "show_parts.h"
#include "table.h"
#include "text.h"
#include "units.h"

static bool
can_run(const struct reapq_dead_info *info)
{
	return !info->unreadable && info->dropped_len == 0 && info->message_len > 0;
}

static void
put_facts(struct json *j, const struct reapq_dead_info *info)
{
	json_put_time(j, "died_at", info->died_ms);
	json_put(j, "retryable", json_boolean(can_run(info)));
	json_put_int(j, "message_len",
	    info->dropped_len > 0 ? info->dropped_len : info->message_len);
}

static void
put_entry(struct json *j, const struct reapq_dead_info *info, const char *queue)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < info->frames_n; i++)
		(void)json_array_append_new(frames, json_text(info->frames[i]));
	json_put_text(j, "id", info->id);
	json_put_text(j, "queue", queue);
	json_put_text(j, "handler", info->handler);
	json_put_text(j, "verdict", info->verdict);
	json_put_text(j, "signal", *info->signal ? info->signal : NULL);
	json_put(j, "frames", frames);
	json_put_text(j, "message", info->message);
	json_put_int(j, "attempts", info->attempts);
	put_facts(j, info);
}

static int
print_json(const struct reapq_dead_info *info, const char *queue)
{
	struct json j;

	json_start(&j);
	put_entry(&j, info, queue);
	return json_print(&j);
}

static void
add_row(struct table *t, const struct reapq_dead_info *info, const char *queue)
{
	char name[REF_MAX], died[TEXT_TIME_MAX], attempts[16];

	(void)snprintf(attempts, sizeof attempts, "%d", info->attempts);
	table_add(t, (const char *const[]){ref_format(queue, info->id, name),
			 text_time(info->died_ms, died), info->handler, info->verdict,
			 info->signal, attempts, info->message});
}

static int
print_page(const struct options *opts, struct table *t,
    const struct reapq_dead_info *list, size_t n)
{
	int rc = EXITS_OK;

	for (size_t i = 0; i < n && rc == EXITS_OK; i++) {
		if (opts->json)
			rc = print_json(&list[i], opts->queue);
		else
			add_row(t, &list[i], opts->queue);
	}
	return rc;
}

static int
print_table(const struct table *t, size_t n, const char *queue, bool filtered)
{
	if (n == 0) {
		say_line("nothing on the dead list of queue %s%s", queue,
		    filtered ? " is what the flags ask for" : "");
		return EXITS_OK;
	}
	if (table_print(t, stdout) < 0) {
		say_line("no memory");
		return EXITS_REAPQ;
	}
	return EXITS_OK;
}

int
dead_print_list(const struct options *opts, struct reapq_client *client)
{
	static const char *const header[] = {
	    "ID", "DIED", "HANDLER", "VERDICT", "SIGNAL", "ATTEMPTS", "MESSAGE"};
	size_t most = opts->most ? (size_t)opts->most : SIZE_MAX, printed = 0;
	struct dead_pick pick;
	struct table t;
	int rc = EXITS_OK;

	table_init(&t, "lllllrl", header);
	dead_pick_init(&pick, opts, client);
	while (rc == EXITS_OK && !pick.over && printed < most) {
		struct reapq_dead_info *list;
		size_t n, page;

		rc = dead_pick_next(&pick, &list, &page);
		if (rc != EXITS_OK)
			break;
		n = page < most - printed ? page : most - printed;
		rc = print_page(opts, &t, list, n);
		printed += n;
		reapq_dead_list_free(list, page);
	}
	if (rc == EXITS_OK && !opts->json)
		rc = print_table(&t, printed, opts->queue,
		    opts->verdict || opts->handler || opts->older_ms >= 0);
	table_free(&t);
	return rc ? rc : say_flush();
}

/* ---- one --------------------------------------------------------------------------- */

static int
print_one_json(const struct reapq_dead *dead, const char *queue)
{
	const struct reapq_dead_info *info = reapq_dead_info(dead);
	const struct reapq_report *report = reapq_dead_report(dead);
	struct json j;

	json_start(&j);
	json_put_text(&j, "state", "dead");
	if (report) {
		put_facts(&j, info);
		json_put_report(&j, report);
	} else {
		put_entry(&j, info, queue);
	}
	return json_print(&j);
}

int
dead_print_one(const struct reapq_dead *dead, const char *queue, bool json)
{
	const struct reapq_dead_info *info = reapq_dead_info(dead);
	const struct reapq_report *report = reapq_dead_report(dead);
	char name[REF_MAX], died[TEXT_TIME_MAX], size[32];
	const void *bytes;
	size_t len;

	if (json)
		return print_one_json(dead, queue);
	show_field("died", text_time(info->died_ms, died), stdout);
	show_field("run again",
	    can_run(info)           ? "reapq dead retry"
	    : info->dropped_len > 0 ? "no: its message was too large to be kept"
				    : "no: it could not be read",
	    stdout);
	show_field("size",
	    units_format_size(
		info->dropped_len > 0 ? info->dropped_len : info->message_len, size,
		sizeof size),
	    stdout);
	if (report) {
		show_report(report, stdout);
		return say_flush();
	}
	show_field("task", ref_format(queue, info->id, name), stdout);
	show_field("verdict", info->verdict, stdout);
	show_field("message", info->message, stdout);
	bytes = reapq_dead_bytes(dead, &len);
	if (len > 0) {
		(void)printf("%-11s ", "begins with");
		show_text(bytes, len, stdout);
		(void)putchar('\n');
	}
	return say_flush();
}
