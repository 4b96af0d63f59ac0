/*
 * wire_text.h - a decoded message as one line of text, for comparing and for reading.
 *
 * Every field that is not what its absence means is there, and strings are quoted, so
 * two messages have the same line only if they are the same field by field. The
 * meanings in tests/vectors/ are such lines. Used by unit, model and fuzz tests.
 */
#ifndef TESTS_WIRE_TEXT_H
#define TESTS_WIRE_TEXT_H

#include "buf.h"
#include "check.h"
#include "limit.h"
#include "names.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

static inline void
wire_text_quote(struct buf *b, const void *data, size_t len)
{
	const unsigned char *p = data;

	CHECK(p || len == 0);
	CHECK(buf_add(b, "\"", 1) == 0);
	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e || strchr("\"\\|", p[i]))
			CHECK(buf_addf(b, "\\x%02x", p[i]) == 0);
		else
			CHECK(buf_add(b, &p[i], 1) == 0);
	}
	CHECK(buf_add(b, "\"", 1) == 0);
}

static inline void
wire_text_bytes(struct buf *b, const char *name, const void *data, size_t len)
{
	if (!data && len == 0)
		return;
	CHECK(buf_addf(b, " %s=", name) == 0);
	wire_text_quote(b, data, len);
}

/* NULL: missing. */
static inline void
wire_text_optional(struct buf *b, const char *name, const char *text)
{
	if (text)
		wire_text_bytes(b, name, text, strlen(text));
}

/* "": missing; NULL is never right. */
static inline void
wire_text_string(struct buf *b, const char *name, const char *text)
{
	if (!text)
		CHECK(buf_addf(b, " %s=NULL", name) == 0);
	else if (*text)
		wire_text_optional(b, name, text);
}

static inline void
wire_text_int(struct buf *b, const char *name, int64_t value, int64_t missing)
{
	if (value != missing)
		CHECK(buf_addf(b, " %s=%lld", name, (long long)value) == 0);
}

static inline void
wire_text_list(struct buf *b, const char *name, const char *const *list)
{
	if (!list)
		return;
	CHECK(buf_addf(b, " %s=[", name) == 0);
	for (size_t i = 0; list[i]; i++) {
		if (i > 0)
			CHECK(buf_add(b, ",", 1) == 0);
		wire_text_quote(b, list[i], strlen(list[i]));
	}
	CHECK(buf_add(b, "]", 1) == 0);
}

static inline void
wire_text_limits(struct buf *b, const struct reapq_limits *l, int64_t missing)
{
	for (unsigned i = 0; i < LIMIT_N; i++) {
		char name[64] = "limits.";

		strcat(name, limit_table[i].name);
		wire_text_int(b, name, limit_get(l, (enum limit_index)i), missing);
	}
}

/* The line: free() it. */
static inline char *
wire_text_done(struct buf *b)
{
	CHECK(buf_str(b) != NULL);
	return buf_take(b, NULL);
}

static inline char *
wire_text_task(const struct wire_task *t)
{
	struct buf b = {0};

	CHECK(buf_addf(&b, "task") == 0);
	wire_text_string(&b, "id", t->id);
	wire_text_string(&b, "handler", t->handler);
	wire_text_bytes(&b, "payload", t->payload, t->payload_len);
	wire_text_list(&b, "argv", t->argv);
	wire_text_list(&b, "env", t->env);
	wire_text_optional(&b, "cwd", t->cwd);
	wire_text_limits(&b, &t->limits, 0);
	wire_text_optional(&b, "tag", t->tag);
	wire_text_int(&b, "submitted_ms", t->submitted_ms, 0);
	wire_text_int(&b, "max_attempts", t->max_attempts, 1);
	wire_text_int(&b, "retry_delay_ms", t->retry_delay_ms, 0);
	wire_text_optional(&b, "retry_on", t->retry_on);
	wire_text_int(&b, "oom_factor", t->oom_factor, 0);
	wire_text_int(&b, "oom_step", t->oom_step, 0);
	wire_text_int(&b, "oom_raised", t->oom_raised, 0);
	wire_text_optional(&b, "oom_queue", t->oom_queue);
	return wire_text_done(&b);
}

static inline char *
wire_text_worker(const struct wire_worker *w)
{
	struct buf b = {0};

	CHECK(buf_addf(&b, "worker") == 0);
	wire_text_string(&b, "id", w->id);
	wire_text_string(&b, "host", w->host);
	wire_text_string(&b, "queues", w->queues);
	wire_text_string(&b, "isolation", w->isolation);
	wire_text_string(&b, "hardening", w->hardening);
	wire_text_string(&b, "version", w->version);
	wire_text_string(&b, "handlers", w->handlers);
	wire_text_int(&b, "pid", w->pid, 0);
	wire_text_int(&b, "slots", w->slots, 0);
	wire_text_int(&b, "busy", w->busy, 0);
	wire_text_int(&b, "tasks_done", w->tasks_done, 0);
	wire_text_int(&b, "fetch_age_ms", w->fetch_age_ms, -1);
	wire_text_int(&b, "started_ms", w->started_ms, 0);
	return wire_text_done(&b);
}

static inline void
wire_text_signal(struct buf *b, const struct reapq_signal *s)
{
	wire_text_int(b, "signal.number", s->number, 0);
	wire_text_string(b, "signal.name", s->name);
	wire_text_int(b, "signal.code", s->code, 0);
	wire_text_optional(b, "signal.code_name", s->code_name);
	if (s->has_fault_address)
		CHECK(buf_addf(b, " signal.fault_address=0x%llx",
			  (unsigned long long)s->fault_address) == 0);
	wire_text_int(b, "signal.sender_pid", s->sender_pid, -1);
}

static inline void
wire_text_usage(struct buf *b, const struct reapq_usage *u)
{
	wire_text_int(b, "usage.wall_ms", u->wall_ms, -1);
	wire_text_int(b, "usage.user_ms", u->user_ms, -1);
	wire_text_int(b, "usage.system_ms", u->system_ms, -1);
	wire_text_int(b, "usage.peak_memory", u->peak_memory, -1);
	wire_text_optional(b, "usage.memory_source", u->memory_source);
	wire_text_int(b, "usage.minor_faults", u->minor_faults, -1);
	wire_text_int(b, "usage.major_faults", u->major_faults, -1);
	wire_text_int(b, "usage.block_in", u->block_in, -1);
	wire_text_int(b, "usage.block_out", u->block_out, -1);
	wire_text_int(b, "usage.voluntary_switches", u->voluntary_switches, -1);
	wire_text_int(b, "usage.involuntary_switches", u->involuntary_switches, -1);
}

static inline void
wire_text_frame(struct buf *b, const struct reapq_frame *f)
{
	CHECK(buf_addf(b, " frame{") == 0);
	wire_text_string(b, "module", f->module);
	if (f->offset != 0)
		CHECK(
		    buf_addf(b, " offset=0x%llx", (unsigned long long)f->offset) == 0);
	wire_text_optional(b, "function", f->function);
	wire_text_optional(b, "file", f->file);
	wire_text_int(b, "line", f->line, 0);
	wire_text_optional(b, "build_id", f->build_id);
	CHECK(buf_addf(b, " }") == 0);
}

static inline void
wire_text_attempt(struct buf *b, const struct reapq_attempt *a)
{
	CHECK(buf_addf(b, " attempt{") == 0);
	wire_text_int(b, "attempt", a->attempt, 0);
	wire_text_string(b, "verdict", a->verdict);
	wire_text_string(b, "certainty", a->certainty);
	wire_text_string(b, "message", a->message);
	wire_text_string(b, "worker", a->worker);
	wire_text_int(b, "started_ms", a->started_ms, 0);
	wire_text_int(b, "ended_ms", a->ended_ms, 0);
	wire_text_int(b, "memory_limit", a->memory_limit, 0);
	wire_text_int(b, "superseded", a->superseded, 0);
	CHECK(buf_addf(b, " }") == 0);
}

static inline void
wire_text_lists(struct buf *b, const struct reapq_report *r)
{
	for (size_t i = 0; i < r->evidence_count; i++) {
		CHECK(buf_addf(b, " evidence{") == 0);
		wire_text_string(b, "source", r->evidence[i].source);
		wire_text_string(b, "what", r->evidence[i].what);
		wire_text_optional(b, "before", r->evidence[i].before);
		wire_text_optional(b, "after", r->evidence[i].after);
		CHECK(buf_addf(b, " }") == 0);
	}
	for (size_t i = 0; i < r->backtrace_count; i++)
		wire_text_frame(b, &r->backtrace[i]);
	for (size_t i = 0; i < r->attempts_count; i++)
		wire_text_attempt(b, &r->attempts[i]);
}

static inline char *
wire_text_report(const struct reapq_report *r)
{
	struct buf b = {0};

	CHECK(buf_addf(&b, "report") == 0);
	if (r->outcome != names_outcome(r->outcome_name, strlen(r->outcome_name)) ||
	    r->verdict != names_verdict(r->verdict_name, strlen(r->verdict_name)) ||
	    r->certainty !=
		names_certainty(r->certainty_name, strlen(r->certainty_name)))
		CHECK(buf_addf(&b, " names and numbers differ") == 0);
	wire_text_string(&b, "id", r->id);
	wire_text_string(&b, "queue", r->queue);
	wire_text_string(&b, "handler", r->handler);
	wire_text_optional(&b, "tag", r->tag);
	wire_text_string(&b, "outcome", r->outcome_name);
	wire_text_string(&b, "verdict", r->verdict_name);
	wire_text_string(&b, "certainty", r->certainty_name);
	wire_text_string(&b, "message", r->message);
	wire_text_bytes(&b, "result", r->result, r->result_len);
	wire_text_bytes(&b, "out", r->out, r->out_len);
	wire_text_bytes(&b, "err", r->err, r->err_len);
	wire_text_int(&b, "out_truncated", r->out_truncated, 0);
	wire_text_int(&b, "err_truncated", r->err_truncated, 0);
	wire_text_int(&b, "exit_status", r->exit_status, -1);
	wire_text_signal(&b, &r->signal);
	wire_text_int(&b, "core_dumped", r->core_dumped, 0);
	wire_text_limits(&b, &r->limits, REAPQ_UNLIMITED);
	wire_text_usage(&b, &r->usage);
	wire_text_int(&b, "attempt", r->attempt, 0);
	wire_text_int(&b, "max_attempts", r->max_attempts, 0);
	wire_text_string(&b, "worker", r->worker);
	wire_text_string(&b, "host", r->host);
	wire_text_int(&b, "pid", r->pid, 0);
	wire_text_string(&b, "isolation", r->isolation);
	wire_text_string(&b, "hardening", r->hardening);
	wire_text_int(&b, "leftover_processes", r->leftover_processes, 0);
	wire_text_int(&b, "submitted_ms", r->submitted_ms, 0);
	wire_text_int(&b, "started_ms", r->started_ms, 0);
	wire_text_int(&b, "ended_ms", r->ended_ms, 0);
	wire_text_optional(&b, "moved_to", r->moved_to);
	wire_text_lists(&b, r);
	return wire_text_done(&b);
}

/* As a result key's element holds it: the report, then its earlier attempts. */
static inline int
wire_text_encode_report(
    const struct reapq_report *r, struct buf *out, struct reapq_error *err)
{
	size_t earlier = r->attempts_count;
	int rc = wire_report_encode(r, out, err);

	if (r->attempt != 0 && earlier > 0)
		earlier--;
	for (size_t i = 0; rc == 0 && i < earlier; i++)
		rc = wire_attempt_encode(&r->attempts[i], out, err);
	return rc;
}

#endif
