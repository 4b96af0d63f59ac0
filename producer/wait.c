/*
 * wait.c - blocking waits on one future or many.
 *
 * Only one wait runs in a client at a time: inside a callback it is EDEADLK. reapq_wait()
 * marks its futures with the wait's number, so that one that settles is counted in O(1)
 * and nothing has to be unmarked, whatever callbacks free meanwhile. They may free the
 * future or the set that is waited on, and the client.
 */
#include "wait.h"
#include "client.h"
#include "clock.h"
#include "error.h"
#include "loop.h"

static int
timed_out(int timeout_ms, struct reapq_error *err)
{
	return error_set(err, REAPQ_ETIMEDOUT, "not done within %d ms", timeout_ms);
}

static int
run_until(struct reapq_client *client, wait_test_fn *test, const void *arg,
    int timeout_ms, struct reapq_error *err)
{
	int64_t at_ms = -1;
	if (timeout_ms > 0)
		at_ms = clock_mono_ms() + timeout_ms;
	loop_poll_if_stale(client);
	loop_deliver(client);
	while (!test(arg)) {
		if (client->freed)
			return error_set(err, REAPQ_EINVAL,
			    "a callback has freed the client that was waited on");
		if (timeout_ms == 0) {
			loop_poll(client);
			loop_deliver(client);
			return test(arg) ? 0 : timed_out(timeout_ms, err);
		}
		if (at_ms >= 0 && clock_mono_ms() >= at_ms)
			return timed_out(timeout_ms, err);
		loop_run(client, at_ms);
		loop_deliver(client);
	}
	return 0;
}

int
wait_until(struct reapq_client *client, wait_test_fn *test, const void *arg,
    struct future_count *count, int timeout_ms, struct reapq_error *err)
{
	int rc = client_check(client, err);
	if (rc)
		return rc;
	if (client->in_callback)
		return error_set(err, REAPQ_EDEADLK,
		    "waited inside a callback: it runs inside a wait itself");
	client->count = count;
	rc = run_until(client, test, arg, timeout_ms, err);
	client->count = NULL;
	(void)client_free_if_asked(client);
	return rc;
}

struct single {
	const struct reapq_future *future;
	struct future_fate fate;
};

static bool
is_done(const void *arg)
{
	const struct single *single = arg;
	return single->fate.freed || single->future->done;
}

int
reapq_future_wait(struct reapq_future *future, int timeout_ms, struct reapq_error *err)
{
	struct reapq_client *client = future->client;
	struct single single = {.future = future};
	int rc;
	if (!client)
		return future->done ? 0 : client_check(client, err);
	if (client->in_callback)
		return error_set(err, REAPQ_EDEADLK,
		    "waited inside a callback: it runs inside a wait itself");
	if (future->done && TAILQ_EMPTY(&client->ready))
		return 0;
	future->fate = &single.fate;
	rc = wait_until(client, is_done, &single, NULL, timeout_ms, err);
	if (!single.fate.freed)
		future->fate = NULL;
	else if (!single.fate.done)
		return error_set(err, REAPQ_EINVAL,
		    "a callback has freed the future that was waited for");
	return rc;
}

struct group {
	struct future_count count;
	enum reapq_when when;
};

static bool
group_is_done(const void *arg)
{
	const struct group *group = arg;
	const struct future_count *count = &group->count;
	if (count->done >= count->total)
		return true;
	if (group->when == REAPQ_ANY)
		return count->done > 0;
	return group->when == REAPQ_FIRST_BAD && count->bad > 0;
}

/* Marks those that are not done, counts those that are. */
static int
mark(struct reapq_future *const *futures, size_t n, struct reapq_client *client,
    struct future_count *count, struct reapq_error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct reapq_future *future = futures[i];
		if (!future)
			return error_set(err, REAPQ_EINVAL, "future %zu is NULL", i);
		if (future->done) {
			count->done++;
			count->bad += future->report->outcome != REAPQ_RETURNED;
			continue;
		}
		if (!client || future->client != client)
			return error_set(err, REAPQ_EINVAL,
			    "future %zu (task %s) is of another client, or of one that "
			    "was freed",
			    i, future->id);
		if (future->wait_number != client->wait_number)
			future->wait_weight = 0;
		future->wait_number = client->wait_number;
		future->wait_weight++;
	}
	return 0;
}

int
reapq_wait(struct reapq_future *const *futures, size_t n, enum reapq_when when,
    int timeout_ms, size_t *ret_done, struct reapq_error *err)
{
	struct group group = {.count = {.total = n}, .when = when};
	struct reapq_client *client = NULL;
	int rc;
	if (when != REAPQ_ANY && when != REAPQ_ALL && when != REAPQ_FIRST_BAD)
		return error_set(
		    err, REAPQ_EINVAL, "%d is none of enum reapq_when", (int)when);
	if (n == 0)
		return error_set(err, REAPQ_EINVAL, "no futures to wait for");
	for (size_t i = 0; i < n && !client; i++)
		if (futures[i] && !futures[i]->done)
			client = futures[i]->client;
	if (client && client->in_callback)
		return error_set(err, REAPQ_EDEADLK,
		    "waited inside a callback: it runs inside a wait itself");
	if (client && ++client->wait_number == 0)
		client->wait_number = 1;
	rc = mark(futures, n, client, &group.count, err);
	if (rc == 0 && client)
		rc = wait_until(
		    client, group_is_done, &group, &group.count, timeout_ms, err);
	if ((rc == 0 || rc == REAPQ_ETIMEDOUT) && ret_done)
		*ret_done = group.count.done;
	return rc;
}
