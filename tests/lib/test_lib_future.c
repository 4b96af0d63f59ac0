/*
 * test_lib_future.c - one future: submitted, joined, attached to, cancelled, settled.
 */
#include "cmocka_all.h"
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE "default"

static void
returns_its_result(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = rig_submit(client, "hello");
	const struct reapq_report *report;
	const void *data;
	size_t len;
	char *taken;
	assert_int_equal(
	    reapq_future_result(future, &data, &len, NULL), REAPQ_ENOTDONE);
	assert_null(reapq_future_report(future));
	assert_int_equal(reapq_future_wait(future, 0, NULL), REAPQ_ETIMEDOUT);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	assert_int_equal(reapq_future_wait(future, 0, NULL), 0);
	assert_true(reapq_future_done(future));
	report = reapq_future_report(future);
	assert_int_equal(report->outcome, REAPQ_RETURNED);
	assert_string_equal(report->id, reapq_future_id(future));
	assert_string_equal(report->queue, QUEUE);
	assert_int_equal(reapq_future_result(future, &data, &len, NULL), 0);
	assert_int_equal(len, 5);
	assert_memory_equal(data, "hello", 5);
	taken = reapq_future_take(future, &len);
	assert_memory_equal(taken, "hello", 5);
	free(taken);
	assert_null(reapq_future_take(future, &len));
	assert_null(report->result);
	assert_int_equal(
	    reapq_future_result(future, &data, &len, NULL), REAPQ_ENORESULT);
	reapq_future_free(future);
	reapq_client_free(client);
}

static void
wakes_a_wait(void **state)
{
	struct rig *rig = *state;
	pid_t worker = rig_fork_echo(rig, QUEUE);
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = rig_submit(client, "hello");
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	reapq_future_free(future);
	reapq_client_free(client);
	rig_end(worker);
}

static void
a_crash_is_a_successful_wait(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *future = rig_submit(client, "");
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct rig_claim claim;
	const void *data;
	size_t len;
	assert_true(rig_claim(rig, QUEUE, &claim));
	rig_fail(rig, QUEUE, &claim, REAPQ_V_SIGNAL, "killed by SIGSEGV");
	assert_int_equal(reapq_future_wait(future, -1, &err), 0);
	assert_int_equal(reapq_future_report(future)->outcome, REAPQ_CRASHED);
	assert_int_equal(
	    reapq_future_result(future, &data, &len, &err), REAPQ_ENORESULT);
	assert_non_null(strstr(err.msg, "killed by SIGSEGV"));
	reapq_future_free(future);
	reapq_client_free(client);
}

static struct reapq_future *
submit(struct reapq_client *client, const char *id, const char *unique)
{
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *future = NULL;
	task.handler = "echo";
	task.id = id;
	task.unique = unique;
	task.tag = "mine";
	assert_int_equal(reapq_submit(client, &task, &future, NULL), 0);
	return future;
}

static void
joins_by_id_and_by_unique_key(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_client *other = rig_client(rig);
	struct reapq_future *first = submit(client, "a", "key");
	struct reapq_future *same_client = submit(client, "a", NULL);
	struct reapq_future *by_id = submit(other, "a", NULL);
	struct reapq_future *by_key = submit(other, "b", "key");
	struct reapq_future *all[4] = {first, same_client, by_id, by_key};
	struct reapq_future *late;
	assert_false(reapq_future_joined(first));
	assert_true(reapq_future_joined(same_client));
	assert_true(reapq_future_joined(by_id));
	assert_true(reapq_future_joined(by_key));
	assert_string_equal(reapq_future_id(by_key), "a");
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(reapq_future_wait(all[i], -1, NULL), 0);
	late = submit(other, "a", NULL);
	assert_true(reapq_future_joined(late));
	assert_int_equal(reapq_future_wait(late, -1, NULL), 0);
	assert_int_equal(rig_echo_all(rig, QUEUE), 0);
	for (int i = 0; i < 4; i++)
		reapq_future_free(all[i]);
	reapq_future_free(late);
	reapq_client_free(client);
	reapq_client_free(other);
}

static void
attaches(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_client *other = rig_client(rig);
	struct reapq_future *future = submit(client, "a", NULL);
	struct reapq_future *live = NULL, *ended = NULL, *none = NULL;
	assert_int_equal(reapq_attach(other, NULL, "a", &live, NULL), 0);
	assert_int_equal(
	    reapq_attach(other, NULL, "nobody", &none, NULL), REAPQ_ENOENT);
	assert_null(none);
	assert_int_equal(
	    reapq_attach(other, NULL, "no id!", &none, NULL), REAPQ_EINVAL);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(reapq_attach(other, QUEUE, "a", &ended, NULL), 0);
	assert_int_equal(reapq_future_wait(live, -1, NULL), 0);
	assert_int_equal(reapq_future_wait(ended, -1, NULL), 0);
	assert_int_equal(reapq_future_report(ended)->outcome, REAPQ_RETURNED);
	reapq_future_free(live);
	reapq_future_free(ended);
	reapq_client_free(other);
	reapq_client_free(client);
	/* Its client is gone: it keeps what it knows, and waits for nothing. */
	assert_string_equal(reapq_future_id(future), "a");
	assert_string_equal(reapq_future_queue(future), QUEUE);
	assert_int_equal(reapq_future_wait(future, -1, NULL), REAPQ_EINVAL);
	assert_false(reapq_future_done(future));
	reapq_future_free(future);
}

static void
cancels(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_future *queued = submit(client, "queued", NULL);
	struct reapq_future *running;
	struct rig_claim claim;
	assert_int_equal(reapq_future_cancel(queued, 0, NULL), 0);
	assert_int_equal(reapq_future_wait(queued, -1, NULL), 0);
	assert_int_equal(reapq_future_report(queued)->outcome, REAPQ_CANCELLED);
	assert_int_equal(reapq_future_cancel(queued, 0, NULL), REAPQ_ETOOLATE);
	running = submit(client, "running", NULL);
	assert_true(rig_claim(rig, QUEUE, &claim));
	assert_int_equal(reapq_future_cancel(running, 0, NULL), REAPQ_ETOOLATE);
	assert_int_equal(reapq_future_cancel(running, 1, NULL), 0);
	assert_int_equal(rig_redis(rig, "LLEN reapq:{%s}:k:rig", QUEUE), 1);
	rig_return(rig, QUEUE, &claim, "won", 3);
	assert_int_equal(reapq_future_wait(running, -1, NULL), 0);
	assert_int_equal(reapq_future_report(running)->outcome, REAPQ_RETURNED);
	reapq_future_free(queued);
	reapq_future_free(running);
	reapq_client_free(client);
}

static void
refuses(
    struct reapq_client *client, struct reapq_task task, int code, const char *words)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_future *future = NULL;
	assert_int_equal(reapq_submit(client, &task, &future, &err), code);
	assert_int_equal(err.code, code);
	assert_null(future);
	if (!strstr(err.msg, words))
		fail_msg("\"%s\" doesn't say \"%s\"", err.msg, words);
}

static void
refuses_what_is_wrong(void **state)
{
	struct rig *rig = *state;
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_client *client = NULL;
	const struct reapq_task good = {.size = sizeof good, .handler = "echo"};
	struct reapq_task task;
	char tag[REAPQ_TAG_MAX + 2];
	memset(tag, 't', sizeof tag - 1);
	tag[sizeof tag - 1] = '\0';
	opts.url = rig->url;
	opts.payload_max = 10;
	assert_int_equal(reapq_client_new(&client, &opts, NULL), 0);
	task = good, task.size = 0;
	refuses(client, task, REAPQ_EINVAL, "_INIT");
	task = good, task.handler = NULL;
	refuses(client, task, REAPQ_EINVAL, "no handler");
	task = good, task.queue = "a b";
	refuses(client, task, REAPQ_EINVAL, "\"a b\" is no queue name");
	task = good, task.id = "a,b";
	refuses(client, task, REAPQ_EINVAL, "\"a,b\" is no task id");
	task = good, task.unique = "";
	refuses(client, task, REAPQ_EINVAL, "is no unique key");
	task = good, task.handler = "exec";
	refuses(client, task, REAPQ_EINVAL, "argv");
	task = good, task.cwd = "/";
	refuses(client, task, REAPQ_EINVAL, "exec");
	task = good, task.payload = "12345678901", task.payload_len = 11;
	refuses(
	    client, task, REAPQ_ETOOBIG, "11 bytes: the client's payload_max is 10");
	task = good, task.tag = tag;
	refuses(client, task, REAPQ_ETOOBIG, "257 bytes: at most 256");
	task = good, task.max_attempts = -1;
	refuses(client, task, REAPQ_EINVAL, "max_attempts is -1");
	task = good, task.max_lost = -2;
	refuses(client, task, REAPQ_EINVAL, "max_lost is -2");
	task = good, task.retry_on = "signal,bogus";
	refuses(client, task, REAPQ_EINVAL, "bogus");
	task = good, task.oom_factor = 100;
	refuses(client, task, REAPQ_EINVAL, "oom_factor is 100");
	task = good, task.oom_factor = 200, task.oom_step = 1;
	refuses(client, task, REAPQ_EINVAL, "oom_factor and oom_step");
	task = good, task.oom_step = -1;
	refuses(client, task, REAPQ_EINVAL, "oom_step is -1");
	task = good, task.oom_queue = "a b";
	refuses(client, task, REAPQ_EINVAL, "oom_queue");
	task = good, task.deadline_ms = -1;
	refuses(client, task, REAPQ_EINVAL, "deadline_ms is -1");
	task = good, task.limits.memory = -2;
	refuses(client, task, REAPQ_EINVAL, "limit memory is -2");
	assert_int_equal(rig_redis(rig, "DBSIZE"), 0);
	reapq_client_free(client);
}

static void
many_at_once(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task tasks[3] = {
	    REAPQ_TASK_INIT, REAPQ_TASK_INIT, REAPQ_TASK_INIT};
	struct reapq_future *futures[3];
	struct reapq_error err = REAPQ_ERROR_INIT;
	for (int i = 0; i < 3; i++)
		tasks[i].handler = i == 1 ? NULL : "echo";
	assert_int_equal(
	    reapq_submit_many(client, tasks, 3, futures, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "no handler"));
	assert_non_null(futures[0]);
	assert_null(futures[1]);
	assert_non_null(futures[2]);
	assert_int_equal(rig_echo_all(rig, QUEUE), 2);
	for (int i = 0; i < 3; i++)
		reapq_future_free(futures[i]);
	assert_int_equal(reapq_submit_many(client, tasks, 1, NULL, NULL), 0);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	reapq_client_free(client);
}

/* Above 256 KiB on a connection of its own. */
static void
big_payload(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *future = NULL;
	struct rig_claim claim;
	char *bytes = calloc(1, 3 << 20);
	assert_non_null(bytes);
	task.handler = "echo";
	task.payload = bytes;
	task.payload_len = 3 << 20;
	assert_int_equal(reapq_submit(client, &task, &future, NULL), 0);
	assert_true(rig_claim(rig, QUEUE, &claim));
	assert_int_equal(claim.payload_len, 3 << 20);
	rig_return(rig, QUEUE, &claim, bytes, 3 << 20);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	assert_int_equal(reapq_future_report(future)->result_len, 3 << 20);
	free(bytes);
	reapq_future_free(future);
	reapq_client_free(client);
}

static void
unreadable_and_oversized_records(void **state)
{
	struct rig *rig = *state;
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_client *client = NULL;
	struct reapq_future *future;
	struct rig_claim claim;
	char big[2048] = {0};
	opts.url = rig->url;
	opts.result_max = 1024;
	assert_int_equal(reapq_client_new(&client, &opts, NULL), 0);
	future = rig_submit(client, "x");
	assert_true(rig_claim(rig, QUEUE, &claim));
	rig_finish(rig, QUEUE, &claim, "garbage", 7);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	assert_int_equal(reapq_future_report(future)->outcome, REAPQ_LOST);
	assert_int_equal(reapq_future_report(future)->verdict, REAPQ_V_VANISHED);
	assert_string_equal(reapq_future_report(future)->handler, "echo");
	assert_non_null(
	    strstr(reapq_future_report(future)->message, "could not be read"));
	reapq_future_free(future);
	future = rig_submit(client, "x");
	assert_true(rig_claim(rig, QUEUE, &claim));
	rig_return(rig, QUEUE, &claim, big, sizeof big);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	assert_non_null(strstr(reapq_future_report(future)->message, "result_max"));
	reapq_future_free(future);
	reapq_client_free(client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		returns_its_result, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(wakes_a_wait, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		a_crash_is_a_successful_wait, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		joins_by_id_and_by_unique_key, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(attaches, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(cancels, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		refuses_what_is_wrong, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(many_at_once, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(big_payload, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		unreadable_and_oversized_records, rig_setup, rig_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
