/*
 * wire_attempt.c - the short report of one attempt, as it travels.
 *
 * A worker writes one for each attempt that ended without ending its task; they
 * follow the report in a result (wire_report.c reads them there).
 */
#include "wire_map.h"

#define FIELD(member) offsetof(struct reapq_attempt, member)

static const struct wire_field fields[] = {
    {"a", "attempt", WIRE_INT, FIELD(attempt), 0, NULL, 0, INT32_MIN},
    {"vd", "verdict", WIRE_TEXT, FIELD(verdict), 0, NULL, 0, 0},
    {"c", "certainty", WIRE_TEXT, FIELD(certainty), 0, NULL, 0, 0},
    {"m", "message", WIRE_TEXT, FIELD(message), 0, NULL, 0, 0},
    {"w", "worker", WIRE_TEXT, FIELD(worker), 0, NULL, 0, 0},
    {"t0", "started_ms", WIRE_INT64, FIELD(started_ms), 0, NULL, 0, INT64_MIN},
    {"t1", "ended_ms", WIRE_INT64, FIELD(ended_ms), 0, NULL, 0, INT64_MIN},
    {"lm", "memory_limit", WIRE_INT64, FIELD(memory_limit), 0, NULL, 0, INT64_MIN},
    {"su", "superseded", WIRE_FLAG, FIELD(superseded), 0, NULL, 0, 0},
};

const struct wire_map wire_attempt_map = {
    "attempt", sizeof(struct reapq_attempt), 0, WIRE_COUNT(fields), fields};

int
wire_attempt_encode(
    const struct reapq_attempt *attempt, struct buf *out, struct reapq_error *err)
{
	return wire_encode_map(&wire_attempt_map, attempt, out, err);
}
