/*
 * test_lib_callback.c - callbacks that free what the call around them works on: the
 * future, another one, the set, the client. What is wrong here is for ASan to say.
 */
#include "cmocka_all.h"
#include "rig.h"

#include <string.h>

#define QUEUE "default"

/* What a callback is to free; NULL: nothing. */
struct doomed {
	struct reapq_client *client;
	struct reapq_future *future;
	struct reapq_set *set;
	int calls;
};

static void
free_them(struct reapq_future *future, void *arg)
{
	struct doomed *doomed = arg;
	(void)future;
	doomed->calls++;
	reapq_client_free(doomed->client);
	reapq_set_free(doomed->set);
	reapq_future_free(doomed->future);
	*doomed = (struct doomed){.calls = doomed->calls};
}

/* A future that has ended, which its client doesn't know yet. */
static struct reapq_future *
ended(struct rig *rig, struct reapq_client *client, struct doomed *doomed)
{
	struct reapq_future *future = rig_submit(client, "x");
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(reapq_future_on_done(future, free_them, doomed, NULL), 0);
	return future;
}

static void
the_future_that_is_waited_for(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct doomed doomed = {0};
	struct reapq_future *future = ended(rig, client, &doomed);
	struct reapq_future *pending;
	struct reapq_error err = REAPQ_ERROR_INIT;
	doomed.future = future;
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	assert_int_equal(doomed.calls, 1);
	future = ended(rig, client, &doomed);
	pending = doomed.future = rig_submit(client, "pending");
	assert_int_equal(reapq_future_wait(pending, -1, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "freed the future"));
	reapq_future_free(future);
	reapq_client_free(client);
}

static void
the_set_that_is_waited_on(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct doomed doomed = {0};
	struct reapq_future *future = ended(rig, client, &doomed), *out;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_set *set = NULL;
	assert_int_equal(reapq_set_new(&set, client, NULL), 0);
	assert_int_equal(reapq_set_add(set, future, NULL), 0);
	doomed.set = set;
	assert_int_equal(reapq_set_next(set, -1, &out, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "freed the set"));
	reapq_future_free(future);
	reapq_client_free(client);
}

/* Two callbacks are to run: the second one never does. */
static void
the_client_in_a_wait(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct doomed doomed = {.client = client};
	struct reapq_future *futures[3];
	struct reapq_error err = REAPQ_ERROR_INIT;
	size_t done = 0;
	for (int i = 0; i < 2; i++)
		futures[i] = ended(rig, client, &doomed);
	futures[2] = rig_submit(client, "pending");
	assert_int_equal(
	    reapq_wait(futures, 3, REAPQ_ALL, -1, &done, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "freed the client"));
	assert_int_equal(doomed.calls, 1);
	assert_int_equal(reapq_future_wait(futures[2], -1, NULL), REAPQ_EINVAL);
	assert_true(reapq_future_done(futures[0]));
	for (int i = 0; i < 3; i++)
		reapq_future_free(futures[i]);
}

static void
the_client_everywhere_else(void **state)
{
	struct rig *rig = *state;
	struct doomed doomed = {.client = rig_client(rig)};
	struct reapq_client *client = doomed.client;
	struct reapq_future *future = ended(rig, client, &doomed), *out;
	struct reapq_set *set = NULL;
	/* In the wait for the future that is freed with it. */
	doomed.future = future;
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	/* In reapq_process(). */
	client = doomed.client = rig_client(rig);
	doomed.future = ended(rig, client, &doomed);
	while (doomed.client)
		assert_int_equal(reapq_process(client, NULL), 0);
	/* In reapq_set_next(), with the set. */
	client = doomed.client = rig_client(rig);
	doomed.future = ended(rig, client, &doomed);
	assert_int_equal(reapq_set_new(&set, client, NULL), 0);
	assert_int_equal(reapq_set_add(set, doomed.future, NULL), 0);
	doomed.set = set;
	assert_int_equal(reapq_set_next(set, -1, &out, NULL), REAPQ_EINVAL);
	/* Where a future is done already. */
	client = doomed.client = rig_client(rig);
	future = rig_submit(client, "x");
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	doomed.future = future;
	assert_int_equal(reapq_future_on_done(future, free_them, &doomed, NULL), 0);
	assert_int_equal(doomed.calls, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		the_future_that_is_waited_for, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		the_set_that_is_waited_on, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		the_client_in_a_wait, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		the_client_everywhere_else, rig_setup, rig_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
