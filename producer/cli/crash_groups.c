/*
 * crash_groups.c - groups deaths by handler, verdict, signal and frames.
 */
#include "crash_groups.h"

#include <reapq/error.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int
compare(const void *a, const void *b)
{
	const struct crash_group *left = a, *right = b;
	const struct reapq_dead_info *l = &left->sample, *r = &right->sample;
	int order = strcmp(l->handler, r->handler);

	if (order == 0)
		order = strcmp(l->verdict, r->verdict);
	if (order == 0)
		order = strcmp(l->signal, r->signal);
	if (order == 0 && l->frames_n != r->frames_n)
		order = l->frames_n < r->frames_n ? -1 : 1;
	for (size_t i = 0; order == 0 && i < l->frames_n; i++)
		order = strcmp(l->frames[i], r->frames[i]);
	return order;
}

static struct crash_group *
add_group(struct crash_groups *g, const struct reapq_dead_info *info)
{
	struct crash_group **groups =
	    reallocarray(g->groups, g->n + 1, sizeof(struct crash_group *));
	struct crash_group *group = NULL;

	if (groups) {
		g->groups = groups;
		group = calloc(1, sizeof(*group));
	}
	if (!group)
		return NULL;
	group->sample = *info;
	if (!tsearch(group, &g->tree, compare)) {
		free(group);
		return NULL;
	}
	groups[g->n++] = group;
	return group;
}

int
crash_groups_add(struct crash_groups *g, const struct reapq_dead_info *info)
{
	struct crash_group key = {.sample = *info};
	struct crash_group *const *found = tfind(&key, &g->tree, compare);
	struct crash_group *group = found ? *found : add_group(g, info);

	if (!group)
		return REAPQ_ENOMEM;
	group->count++;
	group->first_ms = info->died_ms;
	if (group->ids_n < CRASH_GROUP_IDS)
		memcpy(group->ids[group->ids_n++], info->id, sizeof info->id);
	return 0;
}

static int
by_size(const void *a, const void *b)
{
	const struct crash_group *left = *(struct crash_group *const *)a;
	const struct crash_group *right = *(struct crash_group *const *)b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	if (left->sample.died_ms != right->sample.died_ms)
		return left->sample.died_ms > right->sample.died_ms ? -1 : 1;
	return compare(left, right);
}

void
crash_groups_sort(struct crash_groups *g)
{
	if (g->n > 1)
		qsort(g->groups, g->n, sizeof(struct crash_group *), by_size);
}

void
crash_groups_free(struct crash_groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		(void)tdelete(g->groups[i], &g->tree, compare);
		free(g->groups[i]);
	}
	free(g->groups);
	*g = (struct crash_groups){0};
}
