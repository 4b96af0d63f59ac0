/*
 * wire_limits.c - limits as they travel, by the names of limit_table.
 *
 * Two tables, because a missing limit means one thing in a task (the worker's
 * default, 0) and another in a report (none in force, -1).
 */
#include "wire_map.h"

#define LIMIT(member, missing)                                                       \
	{                                                                            \
#member, "limit", WIRE_INT64, offsetof(struct reapq_limits, member), \
		    0, NULL, missing, INT64_MIN                                      \
	}
#define LIMITS(missing)                                                             \
	LIMIT(memory, missing), LIMIT(cpu_ms, missing), LIMIT(time_ms, missing),    \
	    LIMIT(file_size, missing), LIMIT(open_files, missing),                  \
	    LIMIT(processes, missing), LIMIT(stack, missing), LIMIT(core, missing), \
	    LIMIT(output, missing), LIMIT(result, missing)

static const struct wire_field asked[] = {LIMITS(0)};
static const struct wire_field in_force[] = {LIMITS(REAPQ_UNLIMITED)};

const struct wire_map wire_limits_asked = {
    "limits", sizeof(struct reapq_limits), 0, WIRE_COUNT(asked), asked};
const struct wire_map wire_limits_in_force = {
    "limits", sizeof(struct reapq_limits), 0, WIRE_COUNT(in_force), in_force};
