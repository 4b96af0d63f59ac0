/*
 * test_lib_many.c - many futures: sets, waits on several, callbacks, 20,000 at once.
 */
#include "cmocka_all.h"
#include "client.h"
#include "rig.h"
#include "watch.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE "default"
#define CROWD 20000

/* Ends the task of one future, whatever the queue's order. */
static void
end(struct rig *rig, struct rig_claim *claims, size_t n,
    const struct reapq_future *future, bool good)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(claims[i].id, reapq_future_id(future)) != 0)
			continue;
		if (good)
			rig_return(rig, QUEUE, &claims[i], "", 0);
		else
			rig_fail(rig, QUEUE, &claims[i], REAPQ_V_EXIT, "exited with 1");
		return;
	}
	fail_msg("task %s was not claimed", reapq_future_id(future));
}

static void
open_n(struct rig *rig, struct reapq_client *client, struct reapq_future **futures,
    struct rig_claim *claims, size_t n)
{
	for (size_t i = 0; i < n; i++)
		futures[i] = rig_submit(client, "x");
	for (size_t i = 0; i < n; i++)
		assert_true(rig_claim(rig, QUEUE, &claims[i]));
}

static void
a_set_gives_back_in_order(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *futures[4], *future;
	struct rig_claim claims[4];
	const int order[4] = {2, 0, 3, 1};
	struct reapq_set *set = NULL, *other = NULL;
	open_n(rig, client, futures, claims, 4);
	assert_int_equal(reapq_set_new(&set, client, NULL), 0);
	assert_int_equal(reapq_set_new(&other, client, NULL), 0);
	assert_int_equal(reapq_set_next(set, -1, &future, NULL), REAPQ_EEMPTY);
	for (int i = 0; i < 4; i++)
		assert_int_equal(reapq_set_add(set, futures[i], NULL), 0);
	assert_int_equal(reapq_set_add(set, futures[0], NULL), REAPQ_EINVAL);
	assert_int_equal(reapq_set_add(other, futures[0], NULL), REAPQ_EINVAL);
	assert_int_equal(reapq_set_next(set, 0, &future, NULL), REAPQ_ETIMEDOUT);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(reapq_set_left(set), 4 - i);
		end(rig, claims, 4, futures[order[i]], i % 2);
		assert_int_equal(reapq_set_next(set, -1, &future, NULL), 0);
		assert_ptr_equal(future, futures[order[i]]);
	}
	assert_int_equal(reapq_set_next(set, -1, &future, NULL), REAPQ_EEMPTY);
	/* One that is done comes out at once; freed, it leaves; again in none, it stays. */
	assert_int_equal(reapq_set_add(other, futures[0], NULL), 0);
	assert_int_equal(reapq_set_add(other, futures[1], NULL), 0);
	reapq_future_free(futures[1]);
	assert_int_equal(reapq_set_left(other), 1);
	assert_int_equal(reapq_set_next(other, 0, &future, NULL), 0);
	assert_int_equal(reapq_set_add(set, futures[0], NULL), 0);
	reapq_set_free(set);
	assert_int_equal(reapq_set_add(other, futures[0], NULL), 0);
	reapq_client_free(client);
	assert_int_equal(reapq_set_next(other, 0, &future, NULL), 0);
	assert_int_equal(reapq_set_next(other, 0, &future, NULL), REAPQ_EEMPTY);
	reapq_set_free(other);
	reapq_future_free(futures[0]);
	reapq_future_free(futures[2]);
	reapq_future_free(futures[3]);
}

static void
waits_any_all_first_bad(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_client *other = rig_client(rig);
	struct reapq_future *futures[4], *stranger;
	struct rig_claim claims[4];
	size_t done = 99;
	open_n(rig, client, futures, claims, 4);
	assert_int_equal(
	    reapq_wait(futures, 4, REAPQ_ANY, 0, &done, NULL), REAPQ_ETIMEDOUT);
	assert_int_equal(done, 0);
	end(rig, claims, 4, futures[1], true);
	assert_int_equal(reapq_wait(futures, 4, REAPQ_ANY, -1, &done, NULL), 0);
	assert_int_equal(done, 1);
	assert_int_equal(
	    reapq_wait(futures, 4, REAPQ_FIRST_BAD, 0, &done, NULL), REAPQ_ETIMEDOUT);
	end(rig, claims, 4, futures[3], false);
	assert_int_equal(reapq_wait(futures, 4, REAPQ_FIRST_BAD, -1, &done, NULL), 0);
	assert_int_equal(done, 2);
	assert_int_equal(
	    reapq_wait(futures, 4, REAPQ_ALL, 0, &done, NULL), REAPQ_ETIMEDOUT);
	end(rig, claims, 4, futures[0], true);
	end(rig, claims, 4, futures[2], true);
	assert_int_equal(reapq_wait(futures, 4, REAPQ_ALL, -1, &done, NULL), 0);
	assert_int_equal(done, 4);
	assert_int_equal(
	    reapq_wait(futures, 0, REAPQ_ALL, -1, &done, NULL), REAPQ_EINVAL);
	stranger = rig_submit(other, "x");
	reapq_future_free(futures[2]);
	reapq_future_free(futures[3]);
	futures[3] = stranger;
	futures[2] = rig_submit(client, "x");
	assert_int_equal(
	    reapq_wait(futures + 2, 2, REAPQ_ALL, 0, &done, NULL), REAPQ_EINVAL);
	reapq_future_free(futures[0]);
	reapq_future_free(futures[1]);
	reapq_future_free(futures[2]);
	reapq_future_free(stranger);
	reapq_client_free(client);
	reapq_client_free(other);
}

struct chain {
	struct rig *rig;
	struct reapq_client *client;
	struct reapq_future *last;
	int calls;
};

/* Submits the next task, tries what is forbidden, frees its own future. */
static void
on_done(struct reapq_future *future, void *arg)
{
	struct chain *chain = arg;
	struct reapq_future *next = rig_submit(chain->client, "next");
	struct reapq_future *out;
	struct reapq_set *set = NULL;
	assert_int_equal(reapq_future_wait(next, 0, NULL), REAPQ_EDEADLK);
	assert_int_equal(reapq_wait(&next, 1, REAPQ_ANY, 0, NULL, NULL), REAPQ_EDEADLK);
	assert_int_equal(reapq_process(chain->client, NULL), REAPQ_EDEADLK);
	assert_int_equal(reapq_set_new(&set, chain->client, NULL), 0);
	assert_int_equal(reapq_set_add(set, next, NULL), 0);
	assert_int_equal(reapq_set_next(set, 0, &out, NULL), REAPQ_EDEADLK);
	reapq_set_free(set);
	reapq_future_free(future);
	chain->last = next;
	if (++chain->calls < 3)
		assert_int_equal(reapq_future_on_done(next, on_done, chain, NULL), 0);
	(void)rig_echo_all(chain->rig, QUEUE);
}

static void
count_call(struct reapq_future *future, void *arg)
{
	int *calls = arg;
	assert_true(reapq_future_done(future));
	++*calls;
}

static void
callbacks(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct chain chain = {.rig = rig, .client = client};
	struct reapq_future *first = rig_submit(client, "first");
	struct reapq_future *waited = rig_submit(client, "waited");
	struct reapq_future *cancelled = NULL;
	struct reapq_task task = REAPQ_TASK_INIT;
	int calls = 0;
	assert_int_equal(reapq_future_on_done(first, on_done, &chain, NULL), 0);
	assert_int_equal(
	    reapq_future_on_done(first, on_done, &chain, NULL), REAPQ_EINVAL);
	assert_int_equal(rig_echo_all(rig, QUEUE), 2);
	while (chain.calls < 3)
		assert_int_equal(reapq_process(client, NULL), 0);
	assert_int_equal(reapq_future_wait(waited, -1, NULL), 0);
	assert_int_equal(reapq_future_wait(chain.last, -1, NULL), 0);
	/* Done already: inside the call. */
	assert_int_equal(reapq_future_on_done(waited, count_call, &calls, NULL), 0);
	assert_int_equal(calls, 1);
	/* A future freed before its callback ran is never heard of again. */
	task.handler = "echo";
	assert_int_equal(reapq_submit(client, &task, &cancelled, NULL), 0);
	assert_int_equal(reapq_future_on_done(cancelled, count_call, &calls, NULL), 0);
	assert_int_equal(reapq_future_cancel(cancelled, 0, NULL), 0);
	reapq_future_free(cancelled);
	assert_int_equal(reapq_process(client, NULL), 0);
	assert_int_equal(calls, 1);
	reapq_future_free(waited);
	reapq_future_free(chain.last);
	reapq_client_free(client);
}

/* Frees another pending future, which the wait counts on. */
static void
free_other(struct reapq_future *future, void *arg)
{
	struct reapq_future **other = arg;
	(void)future;
	reapq_future_free(*other);
	*other = NULL;
}

static void
a_callback_frees_what_is_waited_for(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *futures[2], *array[3];
	struct rig_claim claims[2];
	size_t done = 0;
	open_n(rig, client, futures, claims, 2);
	array[0] = array[1] = futures[0]; /* twice counts twice */
	array[2] = futures[1];
	assert_int_equal(
	    reapq_future_on_done(futures[0], free_other, &futures[1], NULL), 0);
	end(rig, claims, 2, futures[0], true);
	assert_int_equal(reapq_wait(array, 3, REAPQ_ALL, -1, &done, NULL), 0);
	assert_int_equal(done, 2);
	assert_null(futures[1]);
	reapq_future_free(futures[0]);
	reapq_client_free(client);
}

static void
several_queues(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *futures[3];
	const char *const queues[3] = {"default", "second", "third"};
	task.handler = "echo";
	for (int i = 0; i < 3; i++) {
		task.queue = queues[i];
		assert_int_equal(reapq_submit(client, &task, &futures[i], NULL), 0);
		/* The blocking wait is under way when the next queue comes. */
		assert_int_equal(
		    reapq_future_wait(futures[i], 0, NULL), REAPQ_ETIMEDOUT);
	}
	for (int i = 3; i-- > 0;) {
		assert_int_equal(rig_echo_all(rig, queues[i]), 1);
		assert_int_equal(reapq_future_wait(futures[i], -1, NULL), 0);
		assert_string_equal(reapq_future_queue(futures[i]), queues[i]);
	}
	for (int i = 0; i < 3; i++)
		reapq_future_free(futures[i]);
	reapq_client_free(client);
}

static void
a_crowd(void **state)
{
	struct rig *rig = *state;
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_client *client = NULL;
	struct reapq_task *tasks = calloc(CROWD, sizeof *tasks);
	struct reapq_future **futures = calloc(CROWD, sizeof(struct reapq_future *));
	struct reapq_future *future;
	struct reapq_set *set = NULL;
	size_t before, each, out = 0;
	pid_t worker = rig_fork_echo(rig, QUEUE);
	opts.url = rig->url;
	opts.forget_payloads = 1;
	assert_int_equal(reapq_client_new(&client, &opts, NULL), 0);
	assert_non_null(tasks);
	assert_non_null(futures);
	for (size_t i = 0; i < CROWD; i++)
		tasks[i] =
		    (struct reapq_task){.size = sizeof *tasks, .handler = "echo"};
	before = mallinfo2().uordblks;
	assert_int_equal(reapq_submit_many(client, tasks, CROWD, futures, NULL), 0);
	each = (mallinfo2().uordblks - before) / CROWD;
	/* A sanitizer's allocator says 0. */
	print_message("%zu bytes a future\n", each);
	assert_in_range(each, 0, 1023);
	assert_int_equal(reapq_set_new(&set, client, NULL), 0);
	for (size_t i = 0; i < CROWD; i++)
		assert_int_equal(reapq_set_add(set, futures[i], NULL), 0);
	while (reapq_set_next(set, -1, &future, NULL) == 0) {
		assert_int_equal(reapq_future_report(future)->outcome, REAPQ_RETURNED);
		reapq_future_free(future);
		out++;
	}
	assert_int_equal(out, CROWD);
	reapq_set_free(set);
	reapq_client_free(client);
	rig_end(worker);
	free(futures);
	free(tasks);
}

/* All end at once, and are found by looks alone: the connection keeps room for calls. */
static void
a_crowd_that_ends_at_once(void **state)
{
	static const char end_all[] =
	    "for _,k in ipairs(redis.call('KEYS',KEYS[1]..'t:*')) do "
	    "redis.call('DEL',k) redis.call('RPUSH',KEYS[1]..'r:'.."
	    "string.sub(k,#KEYS[1]+3),'x') end return 1";
	enum {
		N = 5000
	};
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task *tasks = calloc(N, sizeof *tasks);
	struct reapq_future **futures = calloc(N, sizeof(struct reapq_future *));
	size_t done = 0, most = 0;
	assert_non_null(tasks);
	assert_non_null(futures);
	for (size_t i = 0; i < N; i++)
		tasks[i] =
		    (struct reapq_task){.size = sizeof *tasks, .handler = "echo"};
	assert_int_equal(reapq_submit_many(client, tasks, N, futures, NULL), 0);
	(void)rig_redis(rig, "EVAL %s 1 reapq:{%s}:", end_all, QUEUE);
	watch_resync(client);
	/* Freed while it waits its turn, or is read. */
	while (client->watch->fetches == 0)
		assert_int_equal(reapq_process(client, NULL), 0);
	reapq_future_free(futures[0]);
	reapq_future_free(futures[N - 1]);
	do {
		if (conn_pending(client->cmd) > most)
			most = conn_pending(client->cmd);
		assert_int_equal(reapq_process(client, NULL), 0);
	} while (client->open > 0);
	assert_in_range(most, 1, WATCH_FETCH_MAX + 100);
	assert_int_equal(reapq_wait(futures + 1, N - 2, REAPQ_ALL, 0, &done, NULL), 0);
	assert_int_equal(done, N - 2);
	for (size_t i = 1; i < N - 1; i++)
		reapq_future_free(futures[i]);
	reapq_client_free(client);
	free(futures);
	free(tasks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_set_gives_back_in_order, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		waits_any_all_first_bad, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(callbacks, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		a_callback_frees_what_is_waited_for, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(several_queues, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(a_crowd, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		a_crowd_that_ends_at_once, rig_setup, rig_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
