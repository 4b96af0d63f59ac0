/*
 * isolation_tier.c - one table of names.
 *
 * C! cannot be asked for: it is what C is found to be.
 */
#include "isolation_tier.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {[ISOLATION_AUTO] = "auto",
    [ISOLATION_A] = "A",
    [ISOLATION_A0] = "A0",
    [ISOLATION_B] = "B",
    [ISOLATION_C] = "C",
    [ISOLATION_D] = "D"};

int
isolation_tier_parse(const char *text)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(text, names[i]) == 0)
			return (int)i;
	return -1;
}

const char *
isolation_tier_name(enum isolation_tier tier, bool oom_group)
{
	return tier == ISOLATION_C && oom_group ? "C!" : names[tier];
}
