/*
 * hard_limits.c - getrlimit(2) to ceilings.
 *
 * Children inherit this worker's hard limits and may not raise them. Owns nothing.
 */
#include "hard_limits.h"

#include "limit.h"
#include <stdint.h>
#include <sys/resource.h>

void
hard_limits_lower(struct reapq_limits *ceilings)
{
	static const struct {
		enum limit_index index;
		__rlimit_resource_t what;
		int64_t unit;
	} rows[] = {
	    {LIMIT_MEMORY, RLIMIT_DATA, 1},
	    {LIMIT_CPU, RLIMIT_CPU, 1000},
	    {LIMIT_FILE_SIZE, RLIMIT_FSIZE, 1},
	    {LIMIT_OPEN_FILES, RLIMIT_NOFILE, 1},
	    {LIMIT_PROCESSES, RLIMIT_NPROC, 1},
	    {LIMIT_STACK, RLIMIT_STACK, 1},
	    {LIMIT_CORE, RLIMIT_CORE, 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t now = limit_get(ceilings, rows[i].index);
		struct rlimit own;
		int64_t hard;

		if (getrlimit(rows[i].what, &own) != 0 ||
		    own.rlim_max == RLIM_INFINITY ||
		    own.rlim_max > (rlim_t)(INT64_MAX / 1000))
			continue;
		hard = (int64_t)own.rlim_max * rows[i].unit;
		/* 0 would say that there is no ceiling */
		hard = hard > 0 ? hard : 1;
		if (now <= 0 || now > hard)
			limit_set(ceilings, rows[i].index, hard);
	}
}
