/*
 * dead_pick.c - reads a dead list and keeps what the flags ask for.
 *
 * Ages are by Redis's clock, as the times of death are. The list is sorted by time, so
 * that --since ends the reading.
 */
#include "dead_pick.h"

#include <string.h>

#include "exits.h"
#include "say.h"

void
dead_pick_init(
    struct dead_pick *p, const struct options *opts, struct reapq_client *client)
{
	*p = (struct dead_pick){.opts = opts, .client = client};
}

static bool
fits(const struct dead_pick *p, const struct reapq_dead_info *info)
{
	const struct options *o = p->opts;
	int64_t age_ms = p->cursor.now_ms - info->died_ms;

	return (!o->verdict || strcmp(o->verdict, info->verdict) == 0) &&
	       (!o->handler || strcmp(o->handler, info->handler) == 0) &&
	       (o->older_ms < 0 || age_ms > o->older_ms) &&
	       (o->since_ms < 0 || age_ms <= o->since_ms);
}

int
dead_pick_next(struct dead_pick *p, struct reapq_dead_info **ret_list, size_t *ret_n)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_dead_info *list;
	size_t n, kept = 0;

	if (reapq_dead_list(p->client, p->opts->queue, &p->cursor, &list, &n, &err) <
	    0) {
		say_error(&err);
		return exits_of_error(err.code);
	}
	p->over = p->cursor.left == 0;
	if (n > 0 && p->opts->since_ms >= 0 &&
	    p->cursor.now_ms - list[n - 1].died_ms > p->opts->since_ms)
		p->over = true;
	for (size_t i = 0; i < n; i++)
		if (fits(p, &list[i]))
			list[kept++] = list[i];
	*ret_list = list;
	*ret_n = kept;
	return 0;
}
