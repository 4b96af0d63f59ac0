/*
 * lookup.c - a chained hash table of pending futures.
 *
 * Doubles when there are more futures than chains and never shrinks. Hashed by FNV-1a:
 * ids are this program's own or a colleague's, and a bad spread costs time only.
 */
#include "lookup.h"
#include "error.h"

#include <stdlib.h>
#include <string.h>

#define CHAINS_MIN 64

static uint32_t
hash_of(const char *id, size_t len)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)id[i]) * 16777619u;
	return h;
}

static int
grow(struct lookup *l)
{
	size_t count = l->chain_count ? l->chain_count * 2 : CHAINS_MIN;
	struct future_chain *chains = calloc(count, sizeof *chains);
	if (!chains)
		return REAPQ_ENOMEM;
	for (size_t i = 0; i < l->chain_count; i++) {
		struct reapq_future *future;
		while ((future = LIST_FIRST(&l->chains[i]))) {
			LIST_REMOVE(future, by_id);
			LIST_INSERT_HEAD(
			    &chains[future->hash & (count - 1)], future, by_id);
		}
	}
	free(l->chains);
	l->chains = chains;
	l->chain_count = count;
	return 0;
}

int
lookup_add(struct lookup *l, struct reapq_future *future, struct reapq_error *err)
{
	if (l->used >= l->chain_count && grow(l) != 0 && l->chain_count == 0)
		return error_set(err, REAPQ_ENOMEM, "no memory for a table of futures");
	future->hash = hash_of(future->id, strlen(future->id));
	LIST_INSERT_HEAD(
	    &l->chains[future->hash & (l->chain_count - 1)], future, by_id);
	l->used++;
	return 0;
}

void
lookup_remove(struct lookup *l, struct reapq_future *future)
{
	LIST_REMOVE(future, by_id);
	l->used--;
}

struct reapq_future *
lookup_next(const struct lookup *l, const struct queue *queue, const char *id,
    size_t id_len, const struct reapq_future *after)
{
	struct reapq_future *future;
	uint32_t h;
	if (l->chain_count == 0)
		return NULL;
	h = hash_of(id, id_len);
	future = after ? LIST_NEXT(after, by_id)
		       : LIST_FIRST(&l->chains[h & (l->chain_count - 1)]);
	while (future &&
	       !(future->hash == h && future->queue == queue &&
		   strlen(future->id) == id_len && memcmp(future->id, id, id_len) == 0))
		future = LIST_NEXT(future, by_id);
	return future;
}

void
lookup_free(struct lookup *l)
{
	free(l->chains);
	*l = (struct lookup){0};
}
