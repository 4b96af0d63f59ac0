/*
 * limits.h - which limits are in force: what a task asks, what a worker allows.
 *
 * Pure. One table names all ten, so that flags, JSON and messages agree.
 */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

#include <reapq/error.h>
#include <reapq/task.h>
#include <stdint.h>

enum limits_unit {
	LIMITS_BYTES,
	LIMITS_MS,
	LIMITS_COUNT
};

enum limits_index {
	LIMITS_MEMORY,
	LIMITS_CPU,
	LIMITS_TIME,
	LIMITS_FILE_SIZE,
	LIMITS_OPEN_FILES,
	LIMITS_PROCESSES,
	LIMITS_STACK,
	LIMITS_CORE,
	LIMITS_OUTPUT,
	LIMITS_RESULT,
	LIMITS_N
};

struct limits_row {
	const char *name; /* in JSON and on the wire: "cpu_ms" */
	const char *flag; /* without dashes: "cpu-time" */
	enum limits_unit unit;
	int64_t fallback; /* a worker's default when its operator sets none */
	const char *help;
};

extern const struct limits_row limits_table[LIMITS_N];

int64_t limits_get(const struct reapq_limits *l, enum limits_index i);
void limits_set(struct reapq_limits *l, enum limits_index i, int64_t value);

/* Parses text by the row's unit; "none" and "unlimited" are REAPQ_UNLIMITED. */
int limits_parse(enum limits_index i, const char *text, int64_t *ret_value,
    struct reapq_error *err);

/* All fields of the fallback column. */
void limits_fallbacks(struct reapq_limits *ret_limits);

/*
 * What is in force: asked, where 0 takes the default; never above the ceiling
 * (a ceiling of 0 or REAPQ_UNLIMITED: none). A negative other than UNLIMITED in
 * asked is taken as the default. Output and result are always bounded: by
 * UNLIMITED one gets the ceiling or else REAPQ_RESULT_MAX. core: UNLIMITED stays.
 * cpu_ms is rounded up to whole seconds, which is all that RLIMIT_CPU knows.
 */
void limits_apply(const struct reapq_limits *asked, const struct reapq_limits *defaults,
    const struct reapq_limits *ceilings, struct reapq_limits *ret_limits);

#endif
