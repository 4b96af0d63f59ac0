/*
 * test_lib_admin.c - queues, workers and tasks as people look at them, and what
 * strangers may have put under their keys.
 */
#include "buf.h"
#include "cmocka_all.h"
#include "rig.h"
#include "wire.h"

#include <reapq/admin.h>
#include <stdio.h>
#include <string.h>

static void
submit(struct reapq_client *client, const char *queue, const char *id,
    enum reapq_priority priority, int64_t delay_ms)
{
	struct reapq_task task = REAPQ_TASK_INIT;
	task.handler = "echo";
	task.payload = "12345";
	task.payload_len = 5;
	task.tag = "mine";
	task.queue = queue;
	task.id = id;
	task.priority = priority;
	task.delay_ms = delay_ms;
	assert_int_equal(reapq_submit_many(client, &task, 1, NULL, NULL), 0);
}

static void
queues(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_queue_info *list = NULL;
	struct rig_claim claim;
	size_t n = 99;
	assert_int_equal(reapq_queue_list(client, &list, &n, NULL), 0);
	assert_int_equal(n, 0);
	reapq_queue_list_free(list, n);
	submit(client, "b", "b1", REAPQ_PRIORITY_HIGH, 0);
	submit(client, "b", "b2", REAPQ_PRIORITY_LOW, 0);
	submit(client, "b", "b3", REAPQ_PRIORITY_NORMAL, 60000);
	submit(client, "a", "a1", REAPQ_PRIORITY_NORMAL, 0);
	assert_true(rig_claim(rig, "a", &claim));
	(void)rig_redis(rig, "SADD reapq:queues a b not,a,name");
	(void)rig_redis(rig, "HSET reapq:{b}:cfg paused 1");
	assert_int_equal(reapq_queue_list(client, &list, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].name, "a");
	assert_int_equal(list[0].running, 1);
	assert_false(list[0].paused);
	assert_string_equal(list[1].name, "b");
	assert_int_equal(list[1].queued_high, 1);
	assert_int_equal(list[1].queued_normal, 0);
	assert_int_equal(list[1].queued_low, 1);
	assert_int_equal(list[1].delayed, 1);
	assert_true(list[1].paused);
	reapq_queue_list_free(list, n);
	reapq_client_free(client);
}

static void
heartbeat(struct rig *rig, const char *queue, const char *wid, int alive)
{
	const struct wire_worker worker = {.id = wid,
	    .host = "web7",
	    .queues = "a b",
	    .isolation = "cgroup v2",
	    .version = "0.1.0",
	    .handlers = "echo exec",
	    .pid = 42,
	    .slots = 8,
	    .busy = 3,
	    .tasks_done = 1000,
	    .started_ms = 1732140000000};
	struct buf out = {0};
	assert_int_equal(wire_worker_encode(&worker, &out, NULL), 0);
	(void)rig_redis(
	    rig, "SET reapq:{%s}:wi:%s %b PX 3600000", queue, wid, out.data, out.len);
	(void)rig_redis(rig, "ZADD reapq:{%s}:ws %s %s", queue,
	    alive ? "9999999999999" : "1000", wid);
	buf_free(&out);
}

static void
workers(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_worker_info *list = NULL;
	size_t n = 99;
	(void)rig_redis(rig, "SADD reapq:queues a b");
	heartbeat(rig, "a", "w1", 1);
	heartbeat(rig, "b", "w1", 1);
	heartbeat(rig, "b", "w2", 0);
	(void)rig_redis(rig, "ZADD reapq:{b}:ws 1000 w3");
	(void)rig_redis(rig, "SET reapq:{b}:wi:w3 garbage");
	assert_int_equal(reapq_worker_list(client, NULL, &list, &n, NULL), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].id, "w1");
	assert_string_equal(list[0].host, "web7");
	assert_string_equal(list[0].queues, "a b");
	assert_string_equal(list[0].handlers, "echo exec");
	assert_int_equal(list[0].slots, 8);
	assert_int_equal(list[0].tasks_done, 1000);
	assert_true(list[0].alive);
	assert_true(list[0].heartbeat_ms > 1732140000000);
	assert_string_equal(list[1].id, "w2");
	assert_false(list[1].alive);
	assert_string_equal(list[2].id, "w3");
	assert_string_equal(list[2].host, "");
	reapq_worker_list_free(list, n);
	assert_int_equal(reapq_worker_list(client, "a", &list, &n, NULL), 0);
	assert_int_equal(n, 1);
	reapq_worker_list_free(list, n);
	assert_int_equal(reapq_worker_list(client, "none", &list, &n, NULL), 0);
	assert_int_equal(n, 0);
	reapq_worker_list_free(list, n);
	assert_int_equal(
	    reapq_worker_list(client, "a b", &list, &n, NULL), REAPQ_EINVAL);
	reapq_client_free(client);
}

static void
tasks(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task_info info;
	struct rig_claim claim;
	submit(client, "a", "t1", REAPQ_PRIORITY_NORMAL, 0);
	submit(client, "a", "t2", REAPQ_PRIORITY_NORMAL, 60000);
	assert_int_equal(reapq_task_look(client, "a", "t1", &info, NULL), 0);
	assert_int_equal(info.state, REAPQ_STATE_QUEUED);
	assert_string_equal(info.id, "t1");
	assert_string_equal(info.queue, "a");
	assert_string_equal(info.handler, "echo");
	assert_string_equal(info.tag, "mine");
	assert_string_equal(info.worker, "");
	assert_int_equal(info.payload_len, 5);
	assert_true(info.submitted_ms > 1732140000000);
	assert_int_equal(reapq_task_look(client, "a", "t2", &info, NULL), 0);
	assert_int_equal(info.state, REAPQ_STATE_DELAYED);
	assert_true(rig_claim(rig, "a", &claim));
	assert_int_equal(reapq_task_look(client, "a", "t1", &info, NULL), 0);
	assert_int_equal(info.state, REAPQ_STATE_RUNNING);
	assert_string_equal(info.worker, "rig");
	assert_int_equal(info.attempt, 1);
	assert_false(info.cancel_requested);
	(void)rig_redis(rig, "HSET reapq:{a}:t:t1 x reason");
	assert_int_equal(reapq_task_look(client, "a", "t1", &info, NULL), 0);
	assert_true(info.cancel_requested);
	rig_return(rig, "a", &claim, "", 0);
	assert_int_equal(reapq_task_look(client, "a", "t1", &info, NULL), 0);
	assert_int_equal(info.state, REAPQ_STATE_ENDED);
	assert_string_equal(reapq_state_name(info.state), "ended");
	assert_int_equal(
	    reapq_task_look(client, NULL, "t1", &info, NULL), REAPQ_ENOENT);
	(void)rig_redis(rig, "HSET reapq:{a}:t:t3 s ? m garbage");
	assert_int_equal(reapq_task_look(client, "a", "t3", &info, NULL), REAPQ_EPROTO);
	reapq_client_free(client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(queues, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(workers, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(tasks, rig_setup, rig_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
