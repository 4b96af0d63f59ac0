/*
 * test_lib_recover.c - Redis forgets, restarts or loses hints: futures settle all the
 * same, once.
 *
 * REAPQ_RESYNC_MS makes a second of what takes ten; no step depends on the time it takes.
 */
#include "cmocka_all.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE "default"

static struct reapq_client *
forgetful_client(const struct rig *rig)
{
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_client *client = NULL;
	opts.url = rig->url;
	opts.forget_payloads = 1;
	assert_int_equal(reapq_client_new(&client, &opts, NULL), 0);
	return client;
}

static void
check_vanished(struct reapq_future *future)
{
	const struct reapq_report *report;
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	report = reapq_future_report(future);
	assert_int_equal(report->outcome, REAPQ_LOST);
	assert_int_equal(report->verdict, REAPQ_V_VANISHED);
	assert_int_equal(report->certainty, REAPQ_PROVED);
	assert_string_equal(report->verdict_name, "vanished");
	assert_string_equal(report->handler, "echo");
	assert_string_equal(report->id, reapq_future_id(future));
	assert_non_null(strstr(report->message, "gone from Redis"));
	assert_int_equal(report->evidence_count, 1);
	assert_true(report->ended_ms >= report->submitted_ms);
}

static void
vanished_after_flushall(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = forgetful_client(rig);
	struct reapq_future *future = rig_submit(client, "x");
	(void)rig_redis(rig, "FLUSHALL");
	check_vanished(future);
	reapq_future_free(future);
	reapq_client_free(client);
}

/* A client with many futures looks at them all, in bounded bites. */
static void
many_vanish(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = forgetful_client(rig);
	static struct reapq_task tasks[3000];
	static struct reapq_future *futures[3000];
	size_t done = 0;
	for (int i = 0; i < 3000; i++) {
		tasks[i] = (struct reapq_task)REAPQ_TASK_INIT;
		tasks[i].handler = "echo";
	}
	assert_int_equal(reapq_submit_many(client, tasks, 3000, futures, NULL), 0);
	(void)rig_redis(rig, "FLUSHALL");
	assert_int_equal(reapq_wait(futures, 3000, REAPQ_ALL, -1, &done, NULL), 0);
	assert_int_equal(done, 3000);
	for (int i = 0; i < 3000; i++) {
		check_vanished(futures[i]);
		reapq_future_free(futures[i]);
	}
	reapq_client_free(client);
}

static void
submitted_again_after_flushall(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = rig_submit(client, "again");
	const void *data;
	size_t len;
	pid_t worker;
	(void)rig_redis(rig, "FLUSHALL");
	worker = rig_fork_echo(rig, QUEUE);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	assert_int_equal(reapq_future_result(future, &data, &len, NULL), 0);
	assert_memory_equal(data, "again", 5);
	/* The queue's name and the alive key were put back too. */
	assert_int_equal(rig_redis(rig, "SISMEMBER reapq:queues %s", QUEUE), 1);
	reapq_future_free(future);
	reapq_client_free(client);
	rig_end(worker);
}

static void
submitted_again_after_a_restart(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *futures[10];
	size_t done = 0;
	pid_t worker;
	for (int i = 0; i < 10; i++)
		futures[i] = rig_submit(client, "again");
	assert_int_equal(
	    reapq_wait(futures, 10, REAPQ_ANY, 0, NULL, NULL), REAPQ_ETIMEDOUT);
	rig_restart_redis(rig);
	worker = rig_fork_echo(rig, QUEUE);
	assert_int_equal(reapq_wait(futures, 10, REAPQ_ALL, -1, &done, NULL), 0);
	assert_int_equal(done, 10);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(
		    reapq_future_report(futures[i])->outcome, REAPQ_RETURNED);
		reapq_future_free(futures[i]);
	}
	reapq_client_free(client);
	rig_end(worker);
}

/* It may be running somewhere: submitting it again might start it twice. */
static void
never_started_twice(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *future = NULL;
	task.handler = "echo";
	task.max_lost = REAPQ_MAX_LOST_NONE;
	assert_int_equal(reapq_submit(client, &task, &future, NULL), 0);
	(void)rig_redis(rig, "FLUSHALL");
	check_vanished(future);
	assert_int_equal(rig_echo_all(rig, QUEUE), 0);
	reapq_future_free(future);
	reapq_client_free(client);
}

/* A result that ran out was a result: its task doesn't run again. */
static void
a_result_that_ran_out(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *future = NULL;
	task.handler = "echo";
	task.result_ttl_ms = 1;
	assert_int_equal(reapq_submit(client, &task, &future, NULL), 0);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	while (rig_redis(rig, "EXISTS reapq:{%s}:r:%s", QUEUE, reapq_future_id(future)))
		continue;
	check_vanished(future);
	assert_int_equal(rig_echo_all(rig, QUEUE), 0);
	reapq_future_free(future);
	reapq_client_free(client);
}

/* Its end was told, and its result is gone by when it is read: it has ended. */
static void
a_hint_of_a_result_that_is_gone(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = rig_submit(client, "x");
	pid_t worker;
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(
	    rig_redis(rig, "DEL reapq:{%s}:r:%s", QUEUE, reapq_future_id(future)), 1);
	worker = rig_fork_echo(rig, QUEUE);
	check_vanished(future);
	rig_end(worker);
	reapq_future_free(future);
	reapq_client_free(client);
}

/* How long its result is kept is the first submitter's to say: that it has ended can't be
 * told from that it was lost. */
static void
joined_and_gone(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *first = rig_client(rig);
	struct reapq_client *client = rig_client(rig);
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *future = NULL;
	struct rig_claim claim;
	pid_t worker;
	task.handler = "echo";
	task.id = "a";
	task.result_ttl_ms = 1;
	assert_int_equal(reapq_submit(first, &task, NULL, NULL), 0);
	task.result_ttl_ms = 0;
	assert_int_equal(reapq_submit(client, &task, &future, NULL), 0);
	assert_true(reapq_future_joined(future));
	assert_true(rig_claim(rig, QUEUE, &claim));
	/* Nor does the hint say it. */
	(void)rig_redis(rig, "HDEL reapq:{%s}:t:a w", QUEUE);
	rig_return(rig, QUEUE, &claim, "", 0);
	while (rig_redis(rig, "EXISTS reapq:{%s}:r:a", QUEUE))
		continue;
	worker = rig_fork_echo(rig, QUEUE);
	check_vanished(future);
	rig_end(worker);
	reapq_future_free(future);
	reapq_client_free(client);
	reapq_client_free(first);
}

/* One lost task among many is asked for once in a look, not once for each of them. */
static void
a_look_names_each_once(void **state)
{
	static const char twice[] =
	    "for _,e in ipairs(redis.call('SLOWLOG','GET','-1')) do local n=0 "
	    "for _,a in ipairs(e[4]) do if a==ARGV[1] then n=n+1 end end "
	    "if n>1 then return n end end return 0";
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *lost = NULL, *others[50];
	task.handler = "echo";
	task.max_lost = REAPQ_MAX_LOST_NONE;
	for (int i = 0; i < 50; i++)
		others[i] = rig_submit(client, "x");
	assert_int_equal(reapq_submit(client, &task, &lost, NULL), 0);
	(void)rig_redis(rig, "DEL reapq:{%s}:t:%s", QUEUE, reapq_future_id(lost));
	(void)rig_redis(rig, "CONFIG SET slowlog-max-len 100000");
	(void)rig_redis(rig, "CONFIG SET slowlog-log-slower-than 0");
	check_vanished(lost);
	(void)rig_redis(rig, "CONFIG SET slowlog-log-slower-than -1");
	assert_true(rig_redis(rig, "SLOWLOG LEN") > 1);
	assert_int_equal(
	    rig_redis(rig, "EVAL %s 0 %s", twice, reapq_future_id(lost)), 0);
	reapq_future_free(lost);
	for (int i = 0; i < 50; i++)
		reapq_future_free(others[i]);
	reapq_client_free(client);
}

static void
cancelled_and_lost(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = rig_submit(client, "x");
	struct rig_claim claim;
	assert_true(rig_claim(rig, QUEUE, &claim));
	assert_int_equal(reapq_future_cancel(future, 1, NULL), 0);
	(void)rig_redis(rig, "FLUSHALL");
	check_vanished(future);
	assert_int_equal(rig_echo_all(rig, QUEUE), 0);
	reapq_future_free(future);
	reapq_client_free(client);
}

/* Without the alive key nobody sends hints; the looks find the result. */
static void
a_lost_hint(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = rig_submit(client, "x");
	char pattern[64];
	long long deleted;
	(void)snprintf(pattern, sizeof pattern, "reapq:{%s}:a:*", QUEUE);
	deleted = rig_redis(rig, "EVAL %s 1 %s",
	    "return redis.call('DEL',redis.call('KEYS',KEYS[1])[1])", pattern);
	assert_int_equal(deleted, 1);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	assert_int_equal(reapq_future_report(future)->outcome, REAPQ_RETURNED);
	reapq_future_free(future);
	reapq_client_free(client);
}

/* Strangers wrote to our keys: an unreadable reply list, then an unreadable result. */
static void
foreign_types(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = rig_submit(client, "x");
	char pattern[64], list[96];
	(void)snprintf(pattern, sizeof pattern, "reapq:{%s}:a:*", QUEUE);
	(void)snprintf(list, sizeof list, "reapq:{%s}:n:", QUEUE);
	(void)rig_redis(rig, "EVAL %s 2 %s %s",
	    "local pid=string.match(redis.call('KEYS',KEYS[1])[1],':a:(.*)$')"
	    "redis.call('SET',KEYS[2]..pid,'x') return 1",
	    pattern, list);
	(void)rig_redis(rig, "SET reapq:{%s}:r:%s x", QUEUE, reapq_future_id(future));
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	assert_int_equal(reapq_future_report(future)->outcome, REAPQ_LOST);
	assert_non_null(strstr(reapq_future_report(future)->message, "WRONGTYPE"));
	reapq_future_free(future);
	reapq_client_free(client);
}

/* No worker is left: the client's own tick ends the lease, then the deadline. */
static void
leases_and_deadlines_without_workers(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *leased = NULL, *late = NULL;
	struct rig_claim claim;
	task.handler = "echo";
	task.max_lost = REAPQ_MAX_LOST_NONE;
	assert_int_equal(reapq_submit(client, &task, &leased, NULL), 0);
	assert_true(rig_claim(rig, QUEUE, &claim));
	(void)rig_redis(rig, "ZADD reapq:{%s}:l 1 %s", QUEUE, claim.id);
	task.deadline_ms = 1;
	assert_int_equal(reapq_submit(client, &task, &late, NULL), 0);
	assert_int_equal(reapq_future_wait(leased, -1, NULL), 0);
	assert_int_equal(reapq_future_report(leased)->verdict, REAPQ_V_WORKER_LOST);
	assert_int_equal(reapq_future_wait(late, -1, NULL), 0);
	assert_int_equal(reapq_future_report(late)->verdict, REAPQ_V_EXPIRED);
	reapq_future_free(leased);
	reapq_future_free(late);
	reapq_client_free(client);
}

/* Freed while requests about it are out: the answers find nobody, and nothing breaks. */
static void
freed_under_way(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *kept = rig_submit(client, "kept");
	for (int i = 0; i < 50; i++) {
		struct reapq_future *future = rig_submit(client, "x");
		struct reapq_future *twin = NULL;
		assert_int_equal(rig_echo_all(rig, QUEUE), i ? 1 : 2);
		assert_int_equal(
		    reapq_attach(client, NULL, reapq_future_id(future), &twin, NULL),
		    0);
		/* Its read of the result is out. */
		reapq_future_free(twin);
		reapq_future_free(future);
	}
	assert_int_equal(reapq_future_wait(kept, -1, NULL), 0);
	/* And one more at the moment when the client goes. */
	{
		struct reapq_future *twin = NULL;
		assert_int_equal(
		    reapq_attach(client, NULL, reapq_future_id(kept), &twin, NULL), 0);
		reapq_future_free(twin);
	}
	reapq_client_free(client);
	reapq_future_free(kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		vanished_after_flushall, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(many_vanish, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		submitted_again_after_flushall, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		submitted_again_after_a_restart, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		never_started_twice, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		a_result_that_ran_out, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		cancelled_and_lost, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(a_lost_hint, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		leases_and_deadlines_without_workers, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(foreign_types, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(freed_under_way, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		a_hint_of_a_result_that_is_gone, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(joined_and_gone, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		a_look_names_each_once, rig_setup, rig_teardown),
	};
	(void)setenv("REAPQ_RESYNC_MS", "800", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
