/*
 * show_parts.c - the paragraphs of a report in words.
 *
 * Each prints nothing at all, heading included, where its part of the report is
 * empty: a task that never had a worker has no limits in force and no usage.
 */
#include "show_parts.h"

#include <inttypes.h>
#include <string.h>

#include "limit.h"
#include "table.h"
#include "text.h"
#include "units.h"

void
show_where(const struct reapq_report *r, FILE *out)
{
	const char *host = r->host ? r->host : "";
	const char *isolation = r->isolation ? r->isolation : "";
	const char *hardening = r->hardening ? r->hardening : "";
	char pid[40] = "", text[512];

	if (!r->worker || !*r->worker)
		return;
	/* Of a worker that was lost, or a task that had no process, less is known. */
	if (r->pid > 0)
		(void)snprintf(pid, sizeof pid, ", process %" PRId64, r->pid);
	(void)snprintf(text, sizeof text, "%s%s%s%s%s%s%s%s", r->worker,
	    *host ? " on " : "", host, pid, *isolation ? ", isolation " : "", isolation,
	    *hardening ? ", " : "", hardening);
	show_field("worker", text, out);
	if (r->leftover_processes > 0) {
		(void)snprintf(text, sizeof text,
		    "%d processes of the task outlived it and were killed",
		    r->leftover_processes);
		show_field("left over", text, out);
	}
}

static void
show_moment(
    const char *name, int64_t at_ms, int64_t since_ms, const char *after, FILE *out)
{
	char when[TEXT_TIME_MAX], span[32], text[128];

	if (at_ms <= 0)
		return;
	(void)text_time(at_ms, when);
	if (since_ms > 0 && at_ms >= since_ms)
		(void)snprintf(text, sizeof text, "%s  (%s after it %s)", when,
		    units_format_ms(at_ms - since_ms, span, sizeof span), after);
	else
		(void)snprintf(text, sizeof text, "%s", when);
	show_field(name, text, out);
}

void
show_times(const struct reapq_report *r, FILE *out)
{
	show_moment("submitted", r->submitted_ms, 0, "", out);
	show_moment("started", r->started_ms, r->submitted_ms, "was submitted", out);
	show_moment("ended", r->ended_ms,
	    r->started_ms ? r->started_ms : r->submitted_ms,
	    r->started_ms ? "started" : "was submitted", out);
}

void
show_signal(const struct reapq_signal *s, int core_dumped, FILE *out)
{
	char address[32] = "", sender[48] = "", text[256];

	if (s->number <= 0)
		return;
	if (s->has_fault_address)
		(void)snprintf(
		    address, sizeof address, " at 0x%" PRIx64, s->fault_address);
	if (s->sender_pid >= 0)
		(void)snprintf(
		    sender, sizeof sender, ", sent by process %" PRId64, s->sender_pid);
	(void)snprintf(text, sizeof text, "%s (%d)%s%s%s%s%s", s->name ? s->name : "",
	    s->number, s->code_name ? " " : "", s->code_name ? s->code_name : "",
	    address, sender, core_dumped ? ", core dumped" : "");
	show_field("signal", text, out);
}

void
show_evidence(const struct reapq_report *r, FILE *out)
{
	if (r->evidence_count == 0)
		return;
	(void)fputs("\nEvidence:\n", out);
	for (size_t i = 0; i < r->evidence_count; i++) {
		const struct reapq_evidence *e = &r->evidence[i];

		(void)fputs("  ", out);
		show_text(e->source, strlen(e->source), out);
		(void)fputs(": ", out);
		show_text(e->what, strlen(e->what), out);
		if (e->before) {
			(void)fputs(", was ", out);
			show_text(e->before, strlen(e->before), out);
		}
		if (e->after) {
			(void)fputs(e->before ? ", then " : ": ", out);
			show_text(e->after, strlen(e->after), out);
		}
		(void)putc('\n', out);
	}
}

void
show_backtrace(const struct reapq_report *r, FILE *out)
{
	if (r->backtrace_count == 0)
		return;
	(void)fputs("\nBacktrace:\n", out);
	for (size_t i = 0; i < r->backtrace_count; i++) {
		const struct reapq_frame *f = &r->backtrace[i];

		(void)fprintf(out, "  #%zu ", i);
		if (f->function)
			show_text(f->function, strlen(f->function), out);
		else
			(void)fputs("?", out);
		(void)fputs(" in ", out);
		show_text(*f->module ? f->module : "no module",
		    *f->module ? strlen(f->module) : strlen("no module"), out);
		(void)fprintf(out, "+0x%" PRIx64, f->offset);
		if (f->file) {
			(void)fputs(" at ", out);
			show_text(f->file, strlen(f->file), out);
			(void)fprintf(out, ":%d", f->line);
		}
		(void)putc('\n', out);
	}
}

static const char *
limit_text(enum limit_unit unit, int64_t value, char *buf, size_t cap)
{
	switch (unit) {
	case LIMIT_BYTES:
		return units_format_size(value, buf, cap);
	case LIMIT_MS:
		return units_format_ms(value, buf, cap);
	case LIMIT_COUNT:
	default:
		(void)snprintf(buf, cap, "%" PRId64, value);
		return buf;
	}
}

void
show_limits(const struct reapq_report *r, FILE *out)
{
	int shown = 0;

	if (!r->worker || !*r->worker)
		return;
	for (int i = 0; i < LIMIT_N; i++) {
		int64_t value = limit_get(&r->limits, (enum limit_index)i);
		char text[48];

		if (value <= 0)
			continue;
		if (!shown++)
			(void)fputs("\nLimits in force:\n", out);
		(void)fprintf(out, "  %-14s %s\n", limit_table[i].flag,
		    limit_text(limit_table[i].unit, value, text, sizeof text));
	}
	if (!shown)
		(void)fputs("\nNo limits were in force.\n", out);
}

static void
show_time_used(const char *name, int64_t ms, FILE *out)
{
	char text[48];

	if (ms >= 0)
		(void)fprintf(
		    out, "  %-14s %s\n", name, units_format_ms(ms, text, sizeof text));
}

static void
show_pair(
    const char *name, const char *a, int64_t a_n, const char *b, int64_t b_n, FILE *out)
{
	if (a_n >= 0 && b_n >= 0)
		(void)fprintf(out, "  %-14s %" PRId64 " %s, %" PRId64 " %s\n", name,
		    a_n, a, b_n, b);
}

void
show_usage(const struct reapq_report *r, FILE *out)
{
	const struct reapq_usage *u = &r->usage;
	char size[48];

	if (u->wall_ms < 0 && u->user_ms < 0 && u->peak_memory < 0)
		return;
	(void)fputs("\nIt used:\n", out);
	show_time_used("wall clock", u->wall_ms, out);
	show_time_used("cpu, user", u->user_ms, out);
	show_time_used("cpu, system", u->system_ms, out);
	if (u->peak_memory >= 0) {
		(void)fprintf(out, "  %-14s %s at most", "memory",
		    units_format_size(u->peak_memory, size, sizeof size));
		if (u->memory_source) {
			(void)fputs(", from ", out);
			show_text(u->memory_source, strlen(u->memory_source), out);
		}
		(void)putc('\n', out);
	}
	show_pair(
	    "page faults", "minor", u->minor_faults, "major", u->major_faults, out);
	show_pair("blocks", "in", u->block_in, "out", u->block_out, out);
	show_pair("switches", "voluntary", u->voluntary_switches, "involuntary",
	    u->involuntary_switches, out);
}

void
show_attempts(const struct reapq_report *r, FILE *out)
{
	static const char *const header[] = {
	    "  ATTEMPT", "VERDICT", "CERTAINTY", "TIME", "MEMORY", "WORKER", "MESSAGE"};
	struct table t;

	/* A single attempt is the one that the rest of the text is about. */
	if (r->attempts_count < 2)
		return;
	(void)fprintf(out, "\nAttempts, %d at most:\n", r->max_attempts);
	table_init(&t, "rllrrll", header);
	for (size_t i = 0; i < r->attempts_count; i++) {
		const struct reapq_attempt *a = &r->attempts[i];
		char number[16], span[32] = "", memory[32] = "";

		(void)snprintf(number, sizeof number, "%d%s", a->attempt,
		    a->superseded ? " (late)" : "");
		if (a->started_ms > 0 && a->ended_ms >= a->started_ms)
			(void)units_format_ms(
			    a->ended_ms - a->started_ms, span, sizeof span);
		if (a->memory_limit > 0)
			(void)units_format_size(a->memory_limit, memory, sizeof memory);
		table_add(&t, (const char *const[]){number, a->verdict, a->certainty,
				  span, memory, a->worker, a->message});
	}
	if (table_print(&t, out) < 0)
		(void)fputs("  no memory to show them\n", out);
	table_free(&t);
}
