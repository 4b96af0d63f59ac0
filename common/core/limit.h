/*
 * limit.h - which limits are in force: what a task asks, what a worker allows.
 *
 * Pure. One table names all ten, so that flags, JSON and messages agree.
 */
#ifndef CORE_LIMIT_H
#define CORE_LIMIT_H

#include <reapq/error.h>
#include <reapq/task.h>
#include <stdint.h>

enum limit_unit {
	LIMIT_BYTES,
	LIMIT_MS,
	LIMIT_COUNT
};

enum limit_index {
	LIMIT_MEMORY,
	LIMIT_CPU,
	LIMIT_TIME,
	LIMIT_FILE_SIZE,
	LIMIT_OPEN_FILES,
	LIMIT_PROCESSES,
	LIMIT_STACK,
	LIMIT_CORE,
	LIMIT_OUTPUT,
	LIMIT_RESULT,
	LIMIT_N
};

struct limit_row {
	const char *name; /* in JSON and on the wire: "cpu_ms" */
	const char *flag; /* without dashes: "cpu-time" */
	enum limit_unit unit;
	int64_t fallback; /* a worker's default when its operator sets none */
	const char *help;
};

extern const struct limit_row limit_table[LIMIT_N];

int64_t limit_get(const struct reapq_limits *l, enum limit_index i);
void limit_set(struct reapq_limits *l, enum limit_index i, int64_t value);

/* Parses text by the row's unit; "none" and "unlimited" are REAPQ_UNLIMITED. */
int limit_parse(
    enum limit_index i, const char *text, int64_t *ret_value, struct reapq_error *err);

/* All fields of the fallback column. */
void limit_fallbacks(struct reapq_limits *ret_limits);

/*
 * What is in force: asked, where 0 takes the default; never above the ceiling
 * (a ceiling of 0 or REAPQ_UNLIMITED: none). A negative other than UNLIMITED in
 * asked is taken as the default. Output and result are always bounded: by
 * UNLIMITED one gets the ceiling or else REAPQ_RESULT_MAX. core: UNLIMITED stays.
 * cpu_ms is rounded up to whole seconds, which is all that RLIMIT_CPU knows.
 */
void limit_apply(const struct reapq_limits *asked, const struct reapq_limits *defaults,
    const struct reapq_limits *ceilings, struct reapq_limits *ret_limits);

#endif
