/*
 * A task that goes on in another queue: its future follows, and ends whatever happens.
 */
#include "cmocka_all.h"

#include "buf.h"
#include "rig.h"
#include "wire.h"
#include <string.h>

static struct reapq_future *
submit_to(struct reapq_client *client, const char *queue, const char *id)
{
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_future *future = NULL;

	task.queue = queue;
	task.id = id;
	task.handler = "echo";
	assert_int_equal(reapq_submit(client, &task, &future, &err), 0);
	return future;
}

/* Claims the one task of from, and ends it with a report that says that it went to to. */
static void
move_it(struct rig *rig, const char *from, const char *to)
{
	struct reapq_report report = {.verdict = REAPQ_V_MEMORY_LIMIT,
	    .outcome = REAPQ_CRASHED,
	    .certainty = REAPQ_PROVED,
	    .message = "too little",
	    .attempt = 1,
	    .limits.memory = 4096,
	    .moved_to = to};
	struct rig_claim claim;
	struct buf out = {0};

	assert_int_equal(rig_claim(rig, from, &claim), 1);
	assert_int_equal(wire_report_encode(&report, &out, NULL), 0);
	rig_finish(rig, from, &claim, out.data, out.len);
	buf_free(&out);
}

static void
wait_until_in(struct reapq_future *future, const char *queue)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	while (strcmp(reapq_future_queue(future), queue) != 0)
		assert_int_equal(reapq_future_wait(future, 20, &err), REAPQ_ETIMEDOUT);
}

static void
follows_and_shows_both(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = submit_to(client, "default", "t1");
	struct reapq_error err = REAPQ_ERROR_INIT;
	const struct reapq_report *report;
	struct rig_claim claim;

	reapq_future_free(submit_to(client, "large", "t1"));
	move_it(rig, "default", "large");
	wait_until_in(future, "large");
	assert_false(reapq_future_done(future));
	assert_int_equal(rig_claim(rig, "large", &claim), 1);
	rig_return(rig, "large", &claim, "done", 4);
	assert_int_equal(reapq_future_wait(future, -1, &err), 0);
	report = reapq_future_report(future);
	assert_int_equal(report->verdict, REAPQ_V_OK);
	assert_string_equal(report->queue, "large");
	assert_int_equal(report->attempts_count, 2);
	assert_string_equal(report->attempts[0].verdict, "memory_limit");
	assert_int_equal(report->attempts[0].memory_limit, 4096);
	assert_string_equal(report->attempts[1].verdict, "ok");
	reapq_client_free(client);
	assert_string_equal(reapq_future_queue(future), "large");
	assert_string_equal(
	    reapq_future_report(future)->attempts[0].message, "too little");
	reapq_future_free(future);
}

static void
two_futures_and_one_that_comes_late(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *all[3] = {submit_to(client, "default", "t2")};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct rig_claim claim;

	all[1] = submit_to(client, "default", "t2");
	reapq_future_free(submit_to(client, "large", "t2"));
	move_it(rig, "default", "large");
	assert_int_equal(rig_claim(rig, "large", &claim), 1);
	rig_return(rig, "large", &claim, "done", 4);
	assert_int_equal(reapq_attach(client, "default", "t2", &all[2], &err), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(reapq_future_wait(all[i], -1, &err), 0);
		assert_int_equal(reapq_future_report(all[i])->verdict, REAPQ_V_OK);
		reapq_future_free(all[i]);
	}
	reapq_client_free(client);
}

static void
freed_on_the_way(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *one = submit_to(client, "default", "t3");
	struct reapq_future *other;

	reapq_future_free(submit_to(client, "large", "t3"));
	move_it(rig, "default", "large");
	wait_until_in(one, "large");
	reapq_future_free(one);
	other = submit_to(client, "default", "t3");
	wait_until_in(other, "large");
	reapq_client_free(client);
	assert_string_equal(reapq_future_queue(other), "large");
	reapq_future_free(other);
	rig_echo_all(rig, "large");
}

/* By the name of the queue that it came from. */
static void
cancelled_where_it_is(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = submit_to(client, "default", "t9");
	struct reapq_error err = REAPQ_ERROR_INIT;

	reapq_future_free(future);
	reapq_future_free(submit_to(client, "large", "t9"));
	move_it(rig, "default", "large");
	assert_int_equal(reapq_attach(client, "default", "t9", &future, &err), 0);
	assert_int_equal(reapq_future_cancel(future, 0, &err), 0);
	assert_int_equal(reapq_future_wait(future, -1, &err), 0);
	assert_int_equal(reapq_future_report(future)->verdict, REAPQ_V_CANCELLED);
	assert_string_equal(reapq_future_report(future)->queue, "large");
	assert_int_equal(reapq_future_cancel(future, 1, &err), REAPQ_ETOOLATE);
	reapq_future_free(future);
	reapq_client_free(client);
}

static void
to_where_nothing_is(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = submit_to(client, "default", "t4");
	struct reapq_error err = REAPQ_ERROR_INIT;

	move_it(rig, "default", "large");
	assert_int_equal(reapq_future_wait(future, -1, &err), 0);
	assert_int_equal(reapq_future_report(future)->verdict, REAPQ_V_VANISHED);
	reapq_future_free(future);
	reapq_client_free(client);
}

static void
to_and_fro(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = submit_to(client, "default", "t5");
	struct reapq_error err = REAPQ_ERROR_INIT;

	reapq_future_free(submit_to(client, "large", "t5"));
	move_it(rig, "large", "default");
	move_it(rig, "default", "large");
	assert_int_equal(reapq_future_wait(future, -1, &err), 0);
	assert_int_equal(reapq_future_report(future)->verdict, REAPQ_V_MEMORY_LIMIT);
	reapq_future_free(future);
	reapq_client_free(client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_and_shows_both),
	    cmocka_unit_test(two_futures_and_one_that_comes_late),
	    cmocka_unit_test(freed_on_the_way),
	    cmocka_unit_test(cancelled_where_it_is),
	    cmocka_unit_test(to_where_nothing_is),
	    cmocka_unit_test(to_and_fro),
	};

	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
