/*
 * show.c - a report, or a task that has not ended, in words for people.
 *
 * Nothing here decides anything: the words for the cause are the report's own
 * message, and how sure it is stands beside it. What was not measured is left out.
 * All text goes through text_clean().
 */
#include "show.h"

#include <string.h>

#include "buf.h"
#include "ref.h"
#include "show_parts.h"
#include "text.h"
#include "units.h"
#include "unseen.h"

void
show_text(const char *text, size_t len, FILE *out)
{
	struct buf clean = {0};

	if (text_clean(&clean, text, len) == 0 && clean.len > 0)
		(void)fwrite(clean.data, 1, clean.len, out);
	buf_free(&clean);
}

void
show_field(const char *name, const char *text, FILE *out)
{
	if (!text || !*text)
		return;
	(void)fprintf(out, "%-11s ", name);
	show_text(text, strlen(text), out);
	(void)putc('\n', out);
}

static const char *
certainty_words(const struct reapq_report *r)
{
	switch (r->certainty) {
	case REAPQ_PROVED:
		return "proved: the kernel or the worker itself saw it";
	case REAPQ_LIKELY:
		return "likely: the evidence points here, but does not exclude other "
		       "causes";
	case REAPQ_UNKNOWN:
	case REAPQ_CERTAINTY_COUNT:
	default:
		return "unknown: several causes fit, and none is claimed";
	}
}

static void
show_headline(const struct reapq_report *r, FILE *out)
{
	char name[REF_MAX];

	(void)fprintf(
	    out, "%s %s: ", ref_format(r->queue, r->id, name), r->outcome_name);
	show_text(r->message, strlen(r->message), out);
	(void)fputs("\n\n", out);
	show_field("verdict", r->verdict_name, out);
	show_field("certainty", certainty_words(r), out);
}

static void
show_tail(const struct reapq_report *r, FILE *out)
{
	enum {
		LINES = 20
	};
	const char *data = r->err;
	size_t from = r->err_len, lines = 0;

	if (r->err_len == 0)
		return;
	/* A newline at the very end closes the last line. */
	while (from > 0) {
		if (data[from - 1] == '\n' && from < r->err_len && ++lines == LINES)
			break;
		from--;
	}
	(void)fprintf(out, "\nThe end of what it wrote on standard error:\n");
	while (from < r->err_len) {
		const char *end = memchr(data + from, '\n', r->err_len - from);
		size_t len = end ? (size_t)(end - (data + from)) : r->err_len - from;

		(void)fputs("  | ", out);
		show_text(data + from, len, out);
		(void)putc('\n', out);
		from += len + 1;
	}
}

static void
show_unseen(const struct reapq_report *r, FILE *out)
{
	struct unseen list[UNSEEN_MAX];
	size_t n = unseen_list(r, list);

	if (n == 0)
		return;
	(void)fprintf(out, "\nNot visible%s%s:\n", *r->isolation ? " on tier " : "",
	    r->isolation);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(
		    out, "  %s\n    to see it: %s\n", list[i].what, list[i].cure);
}

void
show_why(const struct reapq_report *r, FILE *out)
{
	show_headline(r, out);
	show_signal(&r->signal, r->core_dumped, out);
	show_field("tag", r->tag, out);
	show_where(r, out);
	show_times(r, out);
	show_evidence(r, out);
	show_unseen(r, out);
	show_backtrace(r, out);
	show_limits(r, out);
	show_usage(r, out);
	show_attempts(r, out);
	show_tail(r, out);
}

static void
show_size(const char *name, const void *data, size_t len, int truncated, FILE *out)
{
	char size[32], text[64];

	if (!data)
		return;
	(void)snprintf(text, sizeof text, "%s%s",
	    units_format_size((int64_t)len, size, sizeof size),
	    truncated ? ", cut" : "");
	show_field(name, text, out);
}

void
show_report(const struct reapq_report *r, FILE *out)
{
	char name[REF_MAX], text[64];

	show_field("task", ref_format(r->queue, r->id, name), out);
	show_field("handler", r->handler, out);
	show_field("tag", r->tag, out);
	show_field("state", reapq_state_name(REAPQ_STATE_ENDED), out);
	show_field("outcome", r->outcome_name, out);
	show_field("verdict", r->verdict_name, out);
	show_field("certainty", r->certainty_name, out);
	show_field("message", r->message, out);
	if (r->exit_status >= 0) {
		(void)snprintf(text, sizeof text, "%d", r->exit_status);
		show_field("exit status", text, out);
	}
	show_signal(&r->signal, r->core_dumped, out);
	show_size("result", r->result, r->result_len, 0, out);
	show_size("stdout", r->out, r->out_len, r->out_truncated, out);
	show_size("stderr", r->err, r->err_len, r->err_truncated, out);
	show_where(r, out);
	show_times(r, out);
	show_evidence(r, out);
	show_backtrace(r, out);
	show_limits(r, out);
	show_usage(r, out);
	show_attempts(r, out);
}

void
show_task(const struct reapq_task_info *info, FILE *out)
{
	char name[REF_MAX], text[160], when[TEXT_TIME_MAX], size[32];

	show_field("task", ref_format(info->queue, info->id, name), out);
	show_field("handler", info->handler, out);
	show_field("tag", info->tag, out);
	(void)snprintf(text, sizeof text, "%s%s%s%s", reapq_state_name(info->state),
	    *info->worker ? " on " : "", info->worker,
	    info->cancel_requested ? ", cancel requested" : "");
	show_field("state", text, out);
	(void)snprintf(text, sizeof text, "%d begun, %d failed, %d lost with a worker",
	    info->attempt, info->failed, info->lost);
	show_field("attempts", text, out);
	show_field(
	    "payload", units_format_size(info->payload_len, size, sizeof size), out);
	show_field("submitted", text_time(info->submitted_ms, when), out);
}
