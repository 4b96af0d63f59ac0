/*
 * test_lib_policy.c - what a queue obeys, and how safe a submit is, by the library.
 */
#include "cmocka_all.h"
#include "rig.h"
#include <reapq/admin.h>

#include <stdio.h>
#include <string.h>

#define QUEUE "default"

static int
submit(struct reapq_client *client, struct reapq_future **ret_future,
    struct reapq_error *err)
{
	struct reapq_task task = REAPQ_TASK_INIT;
	task.handler = "echo";
	return reapq_submit(client, &task, ret_future, err);
}

static struct reapq_queue_info
look(struct reapq_client *client, const char *queue)
{
	struct reapq_queue_info info;
	assert_int_equal(reapq_queue_look(client, queue, &info, NULL), 0);
	return info;
}

static void
pause_drain_resume(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = rig_submit(client, "x"), *none = NULL;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct rig_claim claim;
	assert_int_equal(reapq_queue_pause(client, NULL, NULL), 0);
	assert_int_equal(look(client, NULL).paused, 1);
	assert_string_equal(look(client, NULL).name, QUEUE);
	assert_false(rig_claim(rig, QUEUE, &claim));
	assert_int_equal(reapq_queue_drain(client, QUEUE, NULL), 0);
	assert_int_equal(look(client, QUEUE).draining, 1);
	assert_int_equal(submit(client, &none, &err), REAPQ_EDRAINING);
	assert_null(none);
	assert_non_null(strstr(err.msg, "queue default is draining"));
	assert_int_equal(reapq_queue_resume(client, QUEUE, NULL), 0);
	assert_int_equal(look(client, QUEUE).paused, 0);
	assert_int_equal(look(client, QUEUE).draining, 0);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	reapq_future_free(future);
	reapq_client_free(client);
}

static void
a_queue_named_by_its_policy_alone(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_queue_info *list;
	size_t n;
	assert_int_equal(reapq_queue_limit_rate(client, "q", 10, 60000, NULL), 0);
	assert_int_equal(reapq_queue_limit_length(client, "q", 5, NULL), 0);
	assert_int_equal(reapq_queue_list(client, &list, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].name, "q");
	assert_int_equal(list[0].rate_max, 10);
	assert_int_equal(list[0].rate_ms, 60000);
	assert_int_equal(list[0].max_length, 5);
	reapq_queue_list_free(list, n);
	assert_int_equal(reapq_queue_limit_rate(client, "q", 0, 0, NULL), 0);
	assert_int_equal(reapq_queue_limit_length(client, "q", 0, NULL), 0);
	assert_int_equal(look(client, "q").rate_max, 0);
	assert_int_equal(look(client, "q").max_length, 0);
	assert_int_equal(rig_redis(rig, "EXISTS reapq:{q}:cfg"), 0);
	reapq_client_free(client);
}

static void
bounds(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_client *none = NULL;
	static const int64_t rates[][2] = {
	    {-1, 1000}, {REAPQ_RATE_MAX + 1, 1000}, {1, 0}, {1, REAPQ_RATE_MS_MAX + 1}};
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(reapq_queue_limit_rate(
				     client, QUEUE, rates[i][0], rates[i][1], NULL),
		    REAPQ_EINVAL);
	assert_int_equal(
	    reapq_queue_limit_length(client, QUEUE, -1, NULL), REAPQ_EINVAL);
	assert_int_equal(reapq_queue_pause(client, "no queue", NULL), REAPQ_EINVAL);
	assert_int_equal(reapq_queue_pause(NULL, QUEUE, NULL), REAPQ_EINVAL);
	opts.url = rig->url;
	opts.durability = (enum reapq_durability)3;
	assert_int_equal(reapq_client_new(&none, &opts, NULL), REAPQ_EINVAL);
	opts.durability = REAPQ_DURABILITY_NONE;
	opts.durability_timeout_ms = -1;
	assert_int_equal(reapq_client_new(&none, &opts, NULL), REAPQ_EINVAL);
	assert_string_equal(reapq_client_warning(client), "");
	reapq_client_free(client);
}

/* Of many, those that fit are stored, and the others are known by their NULL. */
static void
many_into_a_short_queue(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task tasks[5];
	struct reapq_future *futures[5];
	struct reapq_error err = REAPQ_ERROR_INIT;
	for (int i = 0; i < 5; i++) {
		tasks[i] = (struct reapq_task)REAPQ_TASK_INIT;
		tasks[i].handler = "echo";
		tasks[i].priority = i % 2 ? REAPQ_PRIORITY_HIGH : REAPQ_PRIORITY_NORMAL;
	}
	assert_int_equal(reapq_queue_limit_length(client, QUEUE, 3, NULL), 0);
	assert_int_equal(
	    reapq_submit_many(client, tasks, 5, futures, &err), REAPQ_EFULL);
	assert_string_equal(
	    err.msg, "queue default is full: 3 tasks wait, its maximum length is 3");
	for (int i = 0; i < 5; i++) {
		assert_int_equal(futures[i] != NULL, i < 3);
		reapq_future_free(futures[i]);
	}
	reapq_client_free(client);
}

/* No replica is there: the task is, and so is its future. */
static void
unconfirmed(void **state)
{
	struct rig *rig = *state;
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_client *client = NULL;
	struct reapq_future *future = NULL;
	struct reapq_error err = REAPQ_ERROR_INIT;
	opts.url = rig->url;
	opts.durability = REAPQ_DURABILITY_REPLICA;
	opts.durability_timeout_ms = 1;
	assert_int_equal(reapq_client_new(&client, &opts, NULL), 0);
	assert_int_equal(submit(client, &future, &err), REAPQ_EUNCONFIRMED);
	assert_string_equal(err.msg,
	    "1 task was submitted, but not confirmed: no replica has it within 1 ms");
	assert_non_null(future);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	assert_int_equal(reapq_future_report(future)->outcome, REAPQ_RETURNED);
	reapq_future_free(future);
	/* What is not stored is not reported as unconfirmed. */
	assert_int_equal(reapq_queue_drain(client, QUEUE, NULL), 0);
	assert_int_equal(submit(client, &future, NULL), REAPQ_EDRAINING);
	reapq_client_free(client);
}

static void
evicting(void **state)
{
	struct rig *rig = *state;
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_client *client = NULL;
	struct reapq_error err = REAPQ_ERROR_INIT;
	opts.url = rig->url;
	(void)rig_redis(rig, "CONFIG SET maxmemory-policy volatile-lru");
	assert_int_equal(reapq_client_new(&client, &opts, &err), 0);
	assert_string_equal(reapq_client_warning(client), "");
	reapq_client_free(client);
	(void)rig_redis(rig, "CONFIG SET maxmemory 100mb");
	assert_int_equal(reapq_client_new(&client, &opts, &err), REAPQ_EREDIS);
	assert_non_null(strstr(err.msg, "may evict tasks"));
	opts.allow_eviction = 1;
	assert_int_equal(reapq_client_new(&client, &opts, &err), 0);
	assert_non_null(strstr(reapq_client_warning(client), "volatile-lru"));
	reapq_client_free(client);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(pause_drain_resume),
	    TEST(a_queue_named_by_its_policy_alone),
	    TEST(bounds),
	    TEST(many_into_a_short_queue),
	    TEST(unconfirmed),
	    TEST(evicting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
