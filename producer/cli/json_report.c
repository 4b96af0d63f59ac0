/*
 * json_report.c - a report as JSON: every field of CLI.md, always.
 *
 * "Does not apply" is null: a usage that was not measured, a limit that was not in
 * force, a worker for a task that no worker had.
 */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>

#include "limit.h"

static const char *
or_null(const char *text)
{
	return text && *text ? text : NULL;
}

static void
append(struct json *j, json_t *array, struct json *item)
{
	if (item->failed) {
		json_decref(item->object);
		j->failed = 1;
	} else if (json_array_append_new(array, item->object) < 0) {
		j->failed = 1;
	}
}

static void
put_object(struct json *j, const char *key, struct json *object)
{
	j->failed |= object->failed;
	json_put(j, key, object->object);
}

static void
put_measure(struct json *j, const char *key, int64_t value)
{
	json_put(j, key, value >= 0 ? json_integer(value) : json_null());
}

static void
put_evidence(struct json *j, const struct reapq_report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->evidence_count; i++) {
		const struct reapq_evidence *e = &r->evidence[i];
		struct json item;

		json_start(&item);
		json_put_text(&item, "source", e->source);
		json_put_text(&item, "what", e->what);
		json_put_text(&item, "before", e->before);
		json_put_text(&item, "after", e->after);
		append(j, array, &item);
	}
	json_put(j, "evidence", array);
}

static void
put_signal(struct json *j, const struct reapq_signal *s)
{
	struct json item;
	char address[24];

	if (s->number <= 0) {
		json_put(j, "signal", json_null());
		return;
	}
	(void)snprintf(address, sizeof address, "0x%" PRIx64, s->fault_address);
	json_start(&item);
	json_put_int(&item, "number", s->number);
	json_put_text(&item, "name", s->name);
	json_put(&item, "code", s->code_name ? json_integer(s->code) : json_null());
	json_put_text(&item, "code_name", s->code_name);
	json_put_text(&item, "fault_address", s->has_fault_address ? address : NULL);
	put_measure(&item, "sender_pid", s->sender_pid);
	put_object(j, "signal", &item);
}

static void
put_backtrace(struct json *j, const struct reapq_report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->backtrace_count; i++) {
		const struct reapq_frame *f = &r->backtrace[i];
		struct json item;

		json_start(&item);
		json_put_text(&item, "module", f->module);
		json_put_int(&item, "offset", (int64_t)f->offset);
		json_put_text(&item, "function", f->function);
		json_put_text(&item, "file", f->file);
		json_put(
		    &item, "line", f->line > 0 ? json_integer(f->line) : json_null());
		json_put_text(&item, "build_id", f->build_id);
		append(j, array, &item);
	}
	json_put(j, "backtrace", array);
}

/* A task that no worker had was under no limits; its core limit of 0 is then no limit
 * either, while under a worker it means that no core is written. */
static void
put_limits(struct json *j, const struct reapq_report *r)
{
	int applied = or_null(r->worker) != NULL;
	struct json item;

	json_start(&item);
	for (int i = 0; i < LIMIT_N; i++) {
		int64_t value = limit_get(&r->limits, (enum limit_index)i);
		int shown = applied && (value > 0 || (value == 0 && i == LIMIT_CORE));

		json_put(&item, limit_table[i].name,
		    shown ? json_integer(value) : json_null());
	}
	put_object(j, "limits", &item);
}

static void
put_usage(struct json *j, const struct reapq_usage *u)
{
	struct json item;

	json_start(&item);
	put_measure(&item, "wall_ms", u->wall_ms);
	put_measure(&item, "user_ms", u->user_ms);
	put_measure(&item, "system_ms", u->system_ms);
	put_measure(&item, "peak_memory", u->peak_memory);
	json_put_text(&item, "memory_source", u->memory_source);
	put_measure(&item, "minor_faults", u->minor_faults);
	put_measure(&item, "major_faults", u->major_faults);
	put_measure(&item, "block_in", u->block_in);
	put_measure(&item, "block_out", u->block_out);
	put_measure(&item, "voluntary_switches", u->voluntary_switches);
	put_measure(&item, "involuntary_switches", u->involuntary_switches);
	put_object(j, "usage", &item);
}

static void
put_attempts(struct json *j, const struct reapq_report *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->attempts_count; i++) {
		const struct reapq_attempt *a = &r->attempts[i];
		struct json item;

		json_start(&item);
		json_put_int(&item, "attempt", a->attempt);
		json_put_text(&item, "verdict", a->verdict);
		json_put_text(&item, "certainty", a->certainty);
		json_put_text(&item, "message", a->message);
		json_put_text(&item, "worker", or_null(a->worker));
		json_put_time(&item, "started_at", a->started_ms);
		json_put_time(&item, "ended_at", a->ended_ms);
		json_put(&item, "memory_limit",
		    a->memory_limit > 0 ? json_integer(a->memory_limit) : json_null());
		json_put(&item, "superseded", json_boolean(a->superseded));
		append(j, array, &item);
	}
	json_put(j, "attempts", array);
}

static void
put_outputs(struct json *j, const struct reapq_report *r)
{
	json_put_bytes(j, "result", r->result, r->result_len);
	json_put_bytes(j, "stdout", r->out, r->out_len);
	json_put_bytes(j, "stderr", r->err, r->err_len);
	json_put(j, "stdout_truncated", json_boolean(r->out_truncated));
	json_put(j, "stderr_truncated", json_boolean(r->err_truncated));
}

void
json_put_report(struct json *j, const struct reapq_report *r)
{
	json_put_text(j, "id", r->id);
	json_put_text(j, "queue", r->queue);
	json_put_text(j, "handler", or_null(r->handler));
	json_put_text(j, "tag", r->tag);
	json_put_text(j, "outcome", r->outcome_name);
	json_put_text(j, "verdict", r->verdict_name);
	json_put_text(j, "certainty", r->certainty_name);
	json_put_text(j, "message", r->message);
	put_evidence(j, r);
	put_outputs(j, r);
	put_measure(j, "exit_status", r->exit_status);
	put_signal(j, &r->signal);
	json_put(j, "core_dumped", json_boolean(r->core_dumped));
	put_backtrace(j, r);
	put_limits(j, r);
	put_usage(j, &r->usage);
	json_put_int(j, "attempt", r->attempt);
	json_put_int(j, "max_attempts", r->max_attempts);
	put_attempts(j, r);
	json_put_text(j, "worker", or_null(r->worker));
	json_put_text(j, "host", or_null(r->host));
	json_put(j, "pid", r->pid > 0 ? json_integer(r->pid) : json_null());
	json_put_text(j, "isolation", or_null(r->isolation));
	json_put_text(j, "hardening", or_null(r->hardening));
	json_put_int(j, "leftover_processes", r->leftover_processes);
	json_put_time(j, "submitted_at", r->submitted_ms);
	json_put_time(j, "started_at", r->started_ms);
	json_put_time(j, "ended_at", r->ended_ms);
}
