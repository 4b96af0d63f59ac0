/*
 * limit.c - the table of limits, and which of them are in force.
 *
 * 0 means "the default" in every field of a struct reapq_limits that was asked for,
 * and "none" in a ceiling. In what limit_apply() returns, 0 occurs for core alone,
 * where it is a value: no core file. So nobody can ask for a limit of 0, and to
 * forbid core files whatever a task asks takes a ceiling of one byte.
 */
#include "limit.h"
#include "check.h"
#include "error.h"
#include "units.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MIB ((int64_t)1 << 20)

const struct limit_row limit_table[LIMIT_N] = {
    [LIMIT_MEMORY] = {"memory", "memory", LIMIT_BYTES, REAPQ_UNLIMITED,
	"memory, of all its processes together"},
    [LIMIT_CPU] = {"cpu_ms", "cpu-time", LIMIT_MS, REAPQ_UNLIMITED,
	"CPU time, rounded up to whole seconds"},
    [LIMIT_TIME] = {"time_ms", "time-limit", LIMIT_MS, REAPQ_UNLIMITED,
	"wall clock time from the start of the attempt"},
    [LIMIT_FILE_SIZE] = {"file_size", "file-size", LIMIT_BYTES, REAPQ_UNLIMITED,
	"largest file that it may write"},
    [LIMIT_OPEN_FILES] = {"open_files", "open-files", LIMIT_COUNT, 1024,
	"open file descriptors"},
    [LIMIT_PROCESSES] = {"processes", "processes", LIMIT_COUNT, REAPQ_UNLIMITED,
	"processes and threads"},
    [LIMIT_STACK] = {"stack", "stack", LIMIT_BYTES, 8 * MIB,
	"stack of the main thread"},
    [LIMIT_CORE] = {"core", "core", LIMIT_BYTES, 0,
	"largest core file; 0: none is written"},
    [LIMIT_OUTPUT] = {"output", "output-limit", LIMIT_BYTES, MIB,
	"what is kept of standard output, and of standard error"},
    [LIMIT_RESULT] = {"result", "result-limit", LIMIT_BYTES, REAPQ_RESULT_MAX,
	"largest result of a handler"},
};

static const size_t offsets[LIMIT_N] = {
    [LIMIT_MEMORY] = offsetof(struct reapq_limits, memory),
    [LIMIT_CPU] = offsetof(struct reapq_limits, cpu_ms),
    [LIMIT_TIME] = offsetof(struct reapq_limits, time_ms),
    [LIMIT_FILE_SIZE] = offsetof(struct reapq_limits, file_size),
    [LIMIT_OPEN_FILES] = offsetof(struct reapq_limits, open_files),
    [LIMIT_PROCESSES] = offsetof(struct reapq_limits, processes),
    [LIMIT_STACK] = offsetof(struct reapq_limits, stack),
    [LIMIT_CORE] = offsetof(struct reapq_limits, core),
    [LIMIT_OUTPUT] = offsetof(struct reapq_limits, output),
    [LIMIT_RESULT] = offsetof(struct reapq_limits, result),
};
_Static_assert(sizeof(struct reapq_limits) == LIMIT_N * sizeof(int64_t),
    "a field of struct reapq_limits has no row");

int64_t
limit_get(const struct reapq_limits *l, enum limit_index i)
{
	int64_t value;

	CHECK((unsigned)i < LIMIT_N);
	memcpy(&value, (const char *)l + offsets[i], sizeof(value));
	return value;
}

void
limit_set(struct reapq_limits *l, enum limit_index i, int64_t value)
{
	CHECK((unsigned)i < LIMIT_N);
	memcpy((char *)l + offsets[i], &value, sizeof(value));
}

static int
parse_value(
    enum limit_unit unit, const char *text, int64_t *ret_value, struct reapq_error *err)
{
	switch (unit) {
	case LIMIT_BYTES:
		return units_size(text, ret_value, err);
	case LIMIT_MS:
		return units_duration(text, ret_value, err);
	case LIMIT_COUNT:
		break;
	}
	return units_count(text, 0, INT32_MAX, ret_value, err);
}

int
limit_parse(
    enum limit_index i, const char *text, int64_t *ret_value, struct reapq_error *err)
{
	int64_t value = 0;
	int rc;

	CHECK((unsigned)i < LIMIT_N);
	if (text && (strcmp(text, "none") == 0 || strcmp(text, "unlimited") == 0)) {
		*ret_value = REAPQ_UNLIMITED;
		return 0;
	}
	rc = parse_value(limit_table[i].unit, text, &value, err);
	if (rc)
		return rc;
	/* It would silently be the default. */
	if (value == 0 && i != LIMIT_CORE)
		return error_set(err, REAPQ_EINVAL,
		    "a limit of 0 (%s) leaves nothing to run with; write \"none\" for "
		    "no limit",
		    limit_table[i].flag);
	*ret_value = value;
	return 0;
}

void
limit_fallbacks(struct reapq_limits *ret_limits)
{
	for (unsigned i = 0; i < LIMIT_N; i++)
		limit_set(ret_limits, (enum limit_index)i, limit_table[i].fallback);
}

static int64_t
whole_seconds(int64_t ms, int64_t ceiling)
{
	int64_t up;

	if (ms == REAPQ_UNLIMITED)
		return ms;
	up = ms > INT64_MAX - 999 ? INT64_MAX / 1000 : (ms + 999) / 1000;
	if (ceiling > 0 && up > ceiling / 1000)
		up = ceiling < 1000 ? 1 : ceiling / 1000;
	return up * 1000;
}

static bool
is_default(int64_t value)
{
	return value == 0 || value < REAPQ_UNLIMITED;
}

static int64_t
apply_one(enum limit_index i, int64_t asked, int64_t usual, int64_t ceiling)
{
	int64_t value;

	if (is_default(usual))
		usual = limit_table[i].fallback;
	/* A worker holds these two in memory, so that a task may not have them boundless. */
	if ((i == LIMIT_OUTPUT || i == LIMIT_RESULT) && ceiling <= 0)
		ceiling = usual > REAPQ_RESULT_MAX ? usual : REAPQ_RESULT_MAX;
	value = is_default(asked) ? usual : asked;
	if (ceiling > 0 && (value == REAPQ_UNLIMITED || value > ceiling))
		value = ceiling;
	return i == LIMIT_CPU ? whole_seconds(value, ceiling) : value;
}

void
limit_apply(const struct reapq_limits *asked, const struct reapq_limits *defaults,
    const struct reapq_limits *ceilings, struct reapq_limits *ret_limits)
{
	/* Aside, because ret_limits may be one of the three. */
	struct reapq_limits out;

	for (unsigned n = 0; n < LIMIT_N; n++) {
		enum limit_index i = (enum limit_index)n;

		limit_set(&out, i,
		    apply_one(i, limit_get(asked, i), limit_get(defaults, i),
			limit_get(ceilings, i)));
	}
	*ret_limits = out;
}
