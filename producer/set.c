/*
 * set.c - futures given back in the order in which they end.
 *
 * Invariant: a member is on waiting while it is pending and on done after; taking it
 * out, freeing it or freeing the set ends its membership. Every step is O(1).
 */
#include "set.h"
#include "client.h"
#include "error.h"
#include "loop.h"
#include "wait.h"

#include <stdlib.h>

int
reapq_set_new(
    struct reapq_set **ret_set, struct reapq_client *client, struct reapq_error *err)
{
	struct reapq_set *set;
	int rc = client_check(client, err);
	if (rc)
		return rc;
	set = calloc(1, sizeof *set);
	if (!set)
		return error_set(err, REAPQ_ENOMEM, "no memory for a set");
	set->client = client;
	TAILQ_INIT(&set->waiting);
	TAILQ_INIT(&set->done);
	TAILQ_INSERT_TAIL(&client->sets, set, in_client);
	*ret_set = set;
	return 0;
}

int
reapq_set_add(
    struct reapq_set *set, struct reapq_future *future, struct reapq_error *err)
{
	if (future->set)
		return error_set(err, REAPQ_EINVAL,
		    "the future of task %s is in %s set", future->id,
		    future->set == set ? "this" : "another");
	if (!set->client || future->client != set->client)
		return error_set(err, REAPQ_EINVAL,
		    "the future of task %s is not of this set's client", future->id);
	future->set = set;
	set->left++;
	if (future->done) {
		TAILQ_INSERT_TAIL(&set->done, future, in_set);
		loop_stir(set->client);
		set->client->news = true;
		loop_mirror(set->client);
	} else {
		TAILQ_INSERT_TAIL(&set->waiting, future, in_set);
	}
	return 0;
}

void
set_settled(struct reapq_future *future)
{
	struct reapq_set *set = future->set;
	if (!set)
		return;
	TAILQ_REMOVE(&set->waiting, future, in_set);
	TAILQ_INSERT_TAIL(&set->done, future, in_set);
}

void
set_drop(struct reapq_future *future)
{
	struct reapq_set *set = future->set;
	if (!set)
		return;
	TAILQ_REMOVE(future->done ? &set->done : &set->waiting, future, in_set);
	future->set = NULL;
	set->left--;
}

struct set_wait {
	const struct reapq_set *set;
	bool freed;
};

/* A callback may empty the set while it is waited on, or free it. */
static bool
has_news(const void *arg)
{
	const struct set_wait *wait = arg;
	return wait->freed || !TAILQ_EMPTY(&wait->set->done) || wait->set->left == 0;
}

static int
wait_for_news(struct reapq_set *set, int timeout_ms, struct reapq_error *err)
{
	struct set_wait wait = {.set = set};
	bool *before = set->freed; /* inside a callback: of the wait around it */
	int rc;
	if (!set->client && has_news(&wait))
		return 0;
	set->freed = &wait.freed;
	rc = wait_until(set->client, has_news, &wait, NULL, timeout_ms, err);
	if (wait.freed)
		return error_set(err, REAPQ_EINVAL,
		    "a callback has freed the set that was waited on");
	set->freed = before;
	return rc;
}

int
reapq_set_next(struct reapq_set *set, int timeout_ms, struct reapq_future **ret_future,
    struct reapq_error *err)
{
	struct reapq_future *future;
	int rc = wait_for_news(set, timeout_ms, err);
	if (rc)
		return rc;
	future = TAILQ_FIRST(&set->done);
	if (!future)
		return error_set(
		    err, REAPQ_EEMPTY, "all futures of the set have come out");
	set_drop(future);
	*ret_future = future;
	return 0;
}

size_t
reapq_set_left(const struct reapq_set *set)
{
	return set->left;
}

void
reapq_set_free(struct reapq_set *set)
{
	struct reapq_future *future;
	if (!set)
		return;
	while ((future = TAILQ_FIRST(&set->done)))
		set_drop(future);
	while ((future = TAILQ_FIRST(&set->waiting)))
		set_drop(future);
	if (set->freed)
		*set->freed = true;
	if (set->client)
		TAILQ_REMOVE(&set->client->sets, set, in_client);
	free(set);
}
