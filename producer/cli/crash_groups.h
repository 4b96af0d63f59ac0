/* crash_groups.h - deaths that are the same one, counted. Pure. */
#ifndef CLI_CRASH_GROUPS_H
#define CLI_CRASH_GROUPS_H

#include <reapq/admin.h>
#include <stddef.h>
#include <stdint.h>

#define CRASH_GROUP_IDS 5

/* Handler, verdict, signal and frames are those of sample. */
struct crash_group {
	struct reapq_dead_info sample; /* the latest */
	size_t count;
	int64_t first_ms;
	char ids[CRASH_GROUP_IDS][REAPQ_ID_MAX + 1]; /* the latest first */
	size_t ids_n;
};

struct crash_groups {
	struct crash_group **groups;
	size_t n;
	void *tree; /* tsearch(3)'s, of the same groups */
};

/* The newest deaths first. 0 or ENOMEM. A zeroed struct is empty. */
int crash_groups_add(struct crash_groups *g, const struct reapq_dead_info *info);

/* The largest first; of equal ones the one that was seen last. */
void crash_groups_sort(struct crash_groups *g);

void crash_groups_free(struct crash_groups *g);

#endif
