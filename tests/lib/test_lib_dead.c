/*
 * test_lib_dead.c - the dead list through the library: pages, single entries, messages,
 * and what acts on them.
 */
#include "cmocka_all.h"
#include "rig.h"
#include "wire.h"

#include <reapq/admin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
submit(struct reapq_client *client, const char *id, const void *payload, size_t len)
{
	struct reapq_task task = REAPQ_TASK_INIT;
	task.handler = "echo";
	task.payload = payload;
	task.payload_len = len;
	task.queue = "a";
	task.id = id;
	assert_int_equal(reapq_submit_many(client, &task, 1, NULL, NULL), 0);
}

/* As a worker does it: with a signature. */
static void
kill_task(struct rig *rig, struct reapq_client *client, const char *id)
{
	struct rig_claim claim;
	submit(client, id, "12345", 5);
	assert_true(rig_claim(rig, "a", &claim));
	assert_string_equal(claim.id, id);
	rig_fail(rig, "a", &claim, REAPQ_V_SIGNAL, "it died");
}

static void
pages(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_dead_cursor cursor = {0};
	struct reapq_dead_info *list = NULL;
	char id[16], last[16] = "~";
	size_t n = 99, seen = 0, calls = 0;
	assert_int_equal(reapq_dead_list(client, "a", &cursor, &list, &n, NULL), 0);
	assert_int_equal(n, 0);
	assert_int_equal(cursor.left, 0);
	assert_true(cursor.now_ms > 1732140000000);
	reapq_dead_list_free(list, n);
	(void)rig_redis(rig, "HSET reapq:{a}:cfg dead_ms 9000000000000");
	for (int i = 0; i < 450; i++) {
		(void)snprintf(id, sizeof id, "t%03d", i);
		kill_task(rig, client, id);
		/* half of them at one time */
		if (i % 2)
			(void)rig_redis(
			    rig, "ZADD reapq:{a}:dead 1732140000000 %s", id);
	}
	cursor = (struct reapq_dead_cursor){0};
	do {
		assert_int_equal(
		    reapq_dead_list(client, "a", &cursor, &list, &n, NULL), 0);
		assert_true(n <= 200);
		for (size_t i = 0; i < n; i++) {
			assert_string_equal(list[i].handler, "echo");
			assert_string_equal(list[i].verdict, "signal");
			assert_int_equal(list[i].attempts, 1);
			assert_false(list[i].unreadable);
			assert_true(list[i].message_len > 5);
			if (seen + i >= 225) {
				assert_true(strcmp(list[i].id, last) < 0);
				memcpy(last, list[i].id, sizeof "t000");
			}
		}
		seen += n;
		/* what comes and goes meanwhile is not seen twice, and hides nothing */
		(void)snprintf(id, sizeof id, "new%zu", calls++);
		kill_task(rig, client, id);
		if (n)
			assert_int_equal(
			    reapq_dead_remove(client, "a", list, 1, NULL, NULL), 0);
		reapq_dead_list_free(list, n);
	} while (cursor.left > 0);
	assert_int_equal(seen, 450);
	assert_int_equal(calls, 3);
	reapq_client_free(client);
}

static void
one_entry(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_dead *dead = NULL;
	size_t len = 99;
	kill_task(rig, client, "t1");
	assert_int_equal(reapq_dead_look(client, "a", "t1", &dead, NULL), 0);
	assert_string_equal(reapq_dead_info(dead)->id, "t1");
	assert_string_equal(reapq_dead_info(dead)->message, "it died");
	assert_string_equal(reapq_dead_report(dead)->message, "it died");
	assert_int_equal(reapq_dead_report(dead)->verdict, REAPQ_V_SIGNAL);
	(void)reapq_dead_bytes(dead, &len);
	assert_int_equal(len, 0);
	reapq_dead_free(dead);
	(void)rig_redis(rig, "HSET reapq:{a}:dead:t1 r garbage b 1");
	assert_int_equal(reapq_dead_look(client, "a", "t1", &dead, NULL), 0);
	assert_null(reapq_dead_report(dead));
	assert_true(reapq_dead_info(dead)->unreadable);
	(void)reapq_dead_bytes(dead, &len);
	assert_true(len > 5);
	reapq_dead_free(dead);
	dead = NULL;
	assert_int_equal(reapq_dead_look(client, "a", "t2", &dead, &err), REAPQ_ENOENT);
	assert_int_equal(reapq_dead_look(client, "b", "t1", &dead, &err), REAPQ_ENOENT);
	assert_int_equal(
	    reapq_dead_look(client, "a", "t 1", &dead, &err), REAPQ_EINVAL);
	assert_int_equal(reapq_dead_look(client, "a", NULL, &dead, &err), REAPQ_EINVAL);
	assert_int_equal(
	    reapq_dead_look(client, "a b", "t1", &dead, &err), REAPQ_EINVAL);
	assert_null(dead);
	reapq_dead_free(NULL);
	reapq_client_free(client);
}

static void
acts(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_error errs[4], err = REAPQ_ERROR_INIT;
	struct reapq_dead_info list[4] = {{.id = "gone", .died_ms = 1}};
	struct reapq_dead *dead;
	struct rig_claim claim;
	for (int i = 1; i < 4; i++) {
		char id[16];
		(void)snprintf(id, sizeof id, "t%d", i);
		kill_task(rig, client, id);
		assert_int_equal(reapq_dead_look(client, "a", id, &dead, NULL), 0);
		list[i] = *reapq_dead_info(dead);
		reapq_dead_free(dead);
	}
	(void)rig_redis(rig, "HSET reapq:{a}:dead:t2 b 1");
	list[3].died_ms++;
	assert_int_equal(
	    reapq_dead_retry(client, "a", list, 4, errs, &err), REAPQ_ENOENT);
	assert_non_null(strstr(err.msg, "gone"));
	assert_int_equal(errs[0].code, REAPQ_ENOENT);
	assert_int_equal(errs[1].code, 0);
	assert_int_equal(errs[2].code, REAPQ_EINVAL);
	assert_non_null(strstr(errs[2].msg, "t2"));
	assert_int_equal(errs[3].code, REAPQ_ENOENT);
	assert_true(rig_claim(rig, "a", &claim));
	assert_string_equal(claim.id, "t1");
	assert_int_equal(claim.payload_len, 5);
	rig_return(rig, "a", &claim, "", 0);
	assert_false(rig_claim(rig, "a", &claim));
	assert_int_equal(
	    reapq_dead_remove(client, "a", list, 3, NULL, NULL), REAPQ_ENOENT);
	list[3].died_ms--;
	assert_int_equal(reapq_dead_remove(client, "a", list + 3, 1, NULL, NULL), 0);
	assert_int_equal(rig_redis(rig, "ZCARD reapq:{a}:dead"), 0);
	memset(list[0].id, 'x', sizeof list[0].id - 1);
	list[0].id[0] = '{';
	assert_int_equal(
	    reapq_dead_retry(client, "a", list, 1, errs, NULL), REAPQ_EINVAL);
	reapq_client_free(client);
}

static void
check_message(const struct reapq_task_message *m, const char *id, size_t payload_len)
{
	struct wire_box box = {0};
	struct wire_task task;
	assert_int_equal(wire_task_decode(m->data, m->data_len, &box, &task, NULL), 0);
	assert_string_equal(task.id, id);
	assert_int_equal(task.payload_len, payload_len);
	wire_box_free(&box);
	assert_string_equal(m->policy, "1,1,3,3600000,0,,");
}

static void
messages(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	struct reapq_task_message m = {0};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct rig_claim claim;
	char *large = calloc(1, 300000);
	assert_non_null(large);
	submit(client, "t1", large, 300000);
	assert_int_equal(reapq_task_message(client, "a", "t1", &m, NULL), 0);
	assert_false(m.dead);
	check_message(&m, "t1", 300000);
	reapq_task_message_free(&m);
	assert_true(rig_claim(rig, "a", &claim));
	rig_fail(rig, "a", &claim, REAPQ_V_ERROR, "failed");
	assert_int_equal(reapq_task_message(client, "a", "t1", &m, NULL), 0);
	assert_true(m.dead);
	check_message(&m, "t1", 300000);
	reapq_task_message_free(&m);
	(void)rig_redis(rig, "HSET reapq:{a}:cfg dead_bytes 1000000");
	submit(client, "t2", large, 300000);
	assert_true(rig_claim(rig, "a", &claim));
	rig_fail(rig, "a", &claim, REAPQ_V_ERROR, "failed");
	assert_int_equal(
	    reapq_task_message(client, "a", "t2", &m, &err), REAPQ_ETOOBIG);
	submit(client, "t3", "", 0);
	assert_true(rig_claim(rig, "a", &claim));
	rig_return(rig, "a", &claim, "", 0);
	assert_int_equal(reapq_task_message(client, "a", "t3", &m, &err), REAPQ_ENOENT);
	assert_int_equal(
	    reapq_task_message(client, "a", "t/3", &m, &err), REAPQ_EINVAL);
	reapq_task_message_free(NULL);
	free(large);
	reapq_client_free(client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(pages, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(one_entry, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(acts, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(messages, rig_setup, rig_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
