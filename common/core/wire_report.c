/*
 * wire_report.c - a report as it travels, and the attempts that follow it.
 *
 * Names travel, numbers do not: an enum value that this version lacks survives as
 * its text. Reports are read as leniently as the types allow, and written without
 * judging the values, because a report that is refused is a future that does not
 * settle.
 */
#include "wire_map.h"

#include "error.h"
#include "names.h"
#include "skim.h"

#include <string.h>

#define EVIDENCE(member) offsetof(struct reapq_evidence, member)
#define FRAME(member) offsetof(struct reapq_frame, member)
#define SIGNAL(member) offsetof(struct reapq_signal, member)
#define USAGE(member) offsetof(struct reapq_usage, member)
#define FIELD(member) offsetof(struct reapq_report, member)

static const struct wire_field evidence_fields[] = {
    {"ev", "source", WIRE_TEXT, EVIDENCE(source), 0, NULL, 0, 0},
    {"ev", "what", WIRE_TEXT, EVIDENCE(what), 0, NULL, 0, 0},
    {"ev", "before", WIRE_OPTIONAL, EVIDENCE(before), 0, NULL, 0, 0},
    {"ev", "after", WIRE_OPTIONAL, EVIDENCE(after), 0, NULL, 0, 0},
};

static const struct wire_map evidence_map = {"[source, what, before, after]",
    sizeof(struct reapq_evidence), 2, WIRE_COUNT(evidence_fields), evidence_fields};

static const struct wire_field frame_fields[] = {
    {"m", "module", WIRE_TEXT, FRAME(module), 0, NULL, 0, 0},
    {"o", "offset", WIRE_UINT64, FRAME(offset), 0, NULL, 0, 0},
    {"f", "function", WIRE_OPTIONAL, FRAME(function), 0, NULL, 0, 0},
    {"s", "file", WIRE_OPTIONAL, FRAME(file), 0, NULL, 0, 0},
    {"l", "line", WIRE_INT, FRAME(line), 0, NULL, 0, INT32_MIN},
    {"b", "build_id", WIRE_OPTIONAL, FRAME(build_id), 0, NULL, 0, 0},
};

static const struct wire_map frame_map = {
    "frame", sizeof(struct reapq_frame), 0, WIRE_COUNT(frame_fields), frame_fields};

static const struct wire_field signal_fields[] = {
    {"n", "number", WIRE_INT, SIGNAL(number), 0, NULL, 0, INT32_MIN},
    {"N", "name", WIRE_TEXT, SIGNAL(name), 0, NULL, 0, 0},
    {"c", "code", WIRE_INT, SIGNAL(code), 0, NULL, 0, INT32_MIN},
    {"C", "code_name", WIRE_OPTIONAL, SIGNAL(code_name), 0, NULL, 0, 0},
    {"a", "fault_address", WIRE_ADDRESS, SIGNAL(fault_address),
	SIGNAL(has_fault_address), NULL, 0, 0},
    {"p", "sender_pid", WIRE_INT64, SIGNAL(sender_pid), 0, NULL, -1, INT64_MIN},
};

static const struct wire_map signal_map = {
    "signal", sizeof(struct reapq_signal), 0, WIRE_COUNT(signal_fields), signal_fields};

#define MEASURE(key, member)                                                    \
	{                                                                       \
		key, #member, WIRE_INT64, USAGE(member), 0, NULL, -1, INT64_MIN \
	}

static const struct wire_field usage_fields[] = {
    MEASURE("wall", wall_ms),
    MEASURE("user", user_ms),
    MEASURE("sys", system_ms),
    MEASURE("peak", peak_memory),
    {"src", "memory_source", WIRE_OPTIONAL, USAGE(memory_source), 0, NULL, 0, 0},
    MEASURE("minf", minor_faults),
    MEASURE("majf", major_faults),
    MEASURE("bin", block_in),
    MEASURE("bout", block_out),
    MEASURE("vcs", voluntary_switches),
    MEASURE("ics", involuntary_switches),
};

static const struct wire_map usage_map = {
    "usage", sizeof(struct reapq_usage), 0, WIRE_COUNT(usage_fields), usage_fields};

static const struct wire_field fields[] = {
    {"id", "id", WIRE_TEXT, FIELD(id), 0, NULL, 0, 0},
    {"q", "queue", WIRE_TEXT, FIELD(queue), 0, NULL, 0, 0},
    {"h", "handler", WIRE_TEXT, FIELD(handler), 0, NULL, 0, 0},
    {"g", "tag", WIRE_OPTIONAL, FIELD(tag), 0, NULL, 0, 0},
    {"o", "outcome", WIRE_TEXT, FIELD(outcome_name), 0, NULL, 0, 0},
    {"vd", "verdict", WIRE_TEXT, FIELD(verdict_name), 0, NULL, 0, 0},
    {"c", "certainty", WIRE_TEXT, FIELD(certainty_name), 0, NULL, 0, 0},
    {"m", "message", WIRE_TEXT, FIELD(message), 0, NULL, 0, 0},
    {"ev", "evidence", WIRE_TUPLES, FIELD(evidence), FIELD(evidence_count),
	&evidence_map, 0, 0},
    {"r", "result", WIRE_BYTES, FIELD(result), FIELD(result_len), NULL, 0, 0},
    {"so", "stdout", WIRE_BYTES, FIELD(out), FIELD(out_len), NULL, 0, 0},
    {"se", "stderr", WIRE_BYTES, FIELD(err), FIELD(err_len), NULL, 0, 0},
    {"sot", "stdout_truncated", WIRE_FLAG, FIELD(out_truncated), 0, NULL, 0, 0},
    {"set", "stderr_truncated", WIRE_FLAG, FIELD(err_truncated), 0, NULL, 0, 0},
    {"x", "exit_status", WIRE_INT, FIELD(exit_status), 0, NULL, -1, INT32_MIN},
    {"s", "signal", WIRE_STRUCT, FIELD(signal), 0, &signal_map, 0, 0},
    {"cd", "core_dumped", WIRE_FLAG, FIELD(core_dumped), 0, NULL, 0, 0},
    {"bt", "backtrace", WIRE_MAPS, FIELD(backtrace), FIELD(backtrace_count), &frame_map,
	0, 0},
    {"l", "limits", WIRE_STRUCT, FIELD(limits), 0, &wire_limits_in_force, 0, 0},
    {"u", "usage", WIRE_STRUCT, FIELD(usage), 0, &usage_map, 0, 0},
    {"a", "attempt", WIRE_INT, FIELD(attempt), 0, NULL, 0, INT32_MIN},
    {"ma", "max_attempts", WIRE_INT, FIELD(max_attempts), 0, NULL, 0, INT32_MIN},
    {"w", "worker", WIRE_TEXT, FIELD(worker), 0, NULL, 0, 0},
    {"hn", "host", WIRE_TEXT, FIELD(host), 0, NULL, 0, 0},
    {"p", "pid", WIRE_INT64, FIELD(pid), 0, NULL, 0, INT64_MIN},
    {"i", "isolation", WIRE_TEXT, FIELD(isolation), 0, NULL, 0, 0},
    {"hd", "hardening", WIRE_TEXT, FIELD(hardening), 0, NULL, 0, 0},
    {"lp", "leftover_processes", WIRE_INT, FIELD(leftover_processes), 0, NULL, 0,
	INT32_MIN},
    {"t", "submitted_ms", WIRE_INT64, FIELD(submitted_ms), 0, NULL, 0, INT64_MIN},
    {"t0", "started_ms", WIRE_INT64, FIELD(started_ms), 0, NULL, 0, INT64_MIN},
    {"t1", "ended_ms", WIRE_INT64, FIELD(ended_ms), 0, NULL, 0, INT64_MIN},
    {"mv", "moved_to", WIRE_OPTIONAL, FIELD(moved_to), 0, NULL, 0, 0},
};

static const struct wire_map map = {
    "report", sizeof(struct reapq_report), 0, WIRE_COUNT(fields), fields};

static bool
empty(const char *text)
{
	return !text || !*text;
}

int
wire_report_encode(
    const struct reapq_report *report, struct buf *out, struct reapq_error *err)
{
	struct reapq_report r = *report;

	/* The name counts only where the enum has none for it. */
	if (r.verdict != REAPQ_V_OTHER || empty(r.verdict_name))
		r.verdict_name = reapq_verdict_name(r.verdict);
	if (r.outcome != REAPQ_OUTCOME_OTHER || empty(r.outcome_name))
		r.outcome_name = reapq_outcome_name(r.outcome);
	if (r.certainty != REAPQ_UNKNOWN || empty(r.certainty_name))
		r.certainty_name = reapq_certainty_name(r.certainty);
	return wire_encode_map(&map, &r, out, err);
}

/* The enums from their names, and what follows from other fields. */
static int
complete(struct reapq_report *r, msgpack_zone *zone, struct reapq_error *err)
{
	const char *name;

	if (!*r->verdict_name)
		return error_set(
		    err, REAPQ_EPROTO, "report: there is no \"vd\" (verdict)");
	r->size = sizeof(*r);
	r->verdict = names_verdict(r->verdict_name, strlen(r->verdict_name));
	if (*r->outcome_name) {
		r->outcome = names_outcome(r->outcome_name, strlen(r->outcome_name));
	} else {
		r->outcome = names_outcome_of(r->verdict);
		r->outcome_name = reapq_outcome_name(r->outcome);
	}
	r->certainty = names_certainty(r->certainty_name, strlen(r->certainty_name));
	if (!*r->certainty_name)
		r->certainty_name = reapq_certainty_name(r->certainty);
	if (r->signal.number != 0 && !*r->signal.name) {
		name = names_signal(r->signal.number);
		if (!(r->signal.name = wire_zone_copy(zone, name, strlen(name))))
			return error_set(
			    err, REAPQ_ENOMEM, "no memory to decode a report message");
	}
	return 0;
}

/* How many objects stand in the bytes. */
static int
count_attempts(const char *data, size_t len, size_t *ret_count, struct reapq_error *err)
{
	size_t count = 0;

	while (len > 0) {
		size_t used;
		int r = skim_object(data, len, &used, err);

		if (r < 0)
			return error_wrap(
			    err, r, "report: earlier attempt %zu", count + 1);
		if (++count >= WIRE_ATTEMPTS_MAX)
			return error_set(err, REAPQ_EPROTO,
			    "report: more than %d attempts", WIRE_ATTEMPTS_MAX);
		data += used;
		len -= used;
	}
	*ret_count = count;
	return 0;
}

static struct reapq_attempt
last_attempt(const struct reapq_report *r)
{
	struct reapq_attempt a = {
	    .attempt = r->attempt,
	    .verdict = r->verdict_name,
	    .certainty = r->certainty_name,
	    .message = r->message,
	    .worker = r->worker,
	    .started_ms = r->started_ms,
	    .ended_ms = r->ended_ms,
	    .memory_limit = r->limits.memory > 0 ? r->limits.memory : 0,
	};

	return a;
}

/* data: what follows the report. A task that never started has no attempt of its own. */
static int
read_attempts(struct reapq_report *report, const char *data, size_t len,
    msgpack_zone *zone, struct reapq_error *err)
{
	struct reapq_attempt *list;
	size_t earlier = 0, count;
	int r = count_attempts(data, len, &earlier, err);

	if (r < 0)
		return r;
	count = earlier + (report->attempt != 0);
	if (count == 0)
		return 0;
	list = wire_zone_array(zone, count, sizeof(*list));
	if (!list)
		return error_set(
		    err, REAPQ_ENOMEM, "no memory for %zu attempts", count);
	for (size_t i = 0; i < earlier; i++) {
		size_t used;

		r = wire_decode_map(
		    &wire_attempt_map, data, len, &used, zone, &list[i], err);
		if (r < 0)
			return error_wrap(err, r, "report: earlier attempt %zu", i + 1);
		data += used;
		len -= used;
	}
	if (count > earlier)
		list[earlier] = last_attempt(report);
	report->attempts = list;
	report->attempts_count = count;
	return 0;
}

int
wire_report_decode(const void *data, size_t len, struct wire_box *box,
    struct reapq_report *ret_report, struct reapq_error *err)
{
	struct reapq_report report;
	msgpack_zone *zone = wire_zone_new();
	size_t used;
	int r;

	if (!zone)
		return error_set(
		    err, REAPQ_ENOMEM, "no memory to decode a report message");
	r = wire_decode_map(&map, data, len, &used, zone, &report, err);
	if (r == 0)
		r = complete(&report, zone, err);
	if (r == 0)
		r = read_attempts(
		    &report, (const char *)data + used, len - used, zone, err);
	if (r < 0) {
		msgpack_zone_free(zone);
		return r;
	}
	wire_box_fill(box, zone);
	*ret_report = report;
	return 0;
}
