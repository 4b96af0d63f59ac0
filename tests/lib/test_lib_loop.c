/*
 * test_lib_loop.c - foreign event loops, fork, and clients that can't connect.
 */
#include "cmocka_all.h"
#include "rig.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUEUE "default"
#define RESYNC_MS "400"

static void
count_call(struct reapq_future *future, void *arg)
{
	int *calls = arg;
	(void)future;
	++*calls;
}

/* One turn of somebody's loop that trusts the descriptor alone. */
static void
turn(struct reapq_client *client, int fd)
{
	struct pollfd at = {.fd = fd, .events = POLLIN};
	assert_true(poll(&at, 1, 30000) > 0);
	assert_int_equal(reapq_process(client, NULL), 0);
	assert_int_equal(reapq_fd(client), fd);
}

static void
a_foreign_loop_by_fd(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	int fd = reapq_fd(client);
	struct reapq_future *future = rig_submit(client, "hello");
	struct reapq_future *out = NULL;
	struct reapq_set *set = NULL;
	pid_t worker;
	int calls = 0;
	assert_true(fd >= 0);
	assert_true(reapq_timeout_ms(client) >= 0);
	assert_int_equal(reapq_set_new(&set, client, NULL), 0);
	assert_int_equal(reapq_set_add(set, future, NULL), 0);
	assert_int_equal(reapq_future_on_done(future, count_call, &calls, NULL), 0);
	worker = rig_fork_echo(rig, QUEUE);
	while (reapq_set_next(set, 0, &out, NULL) == REAPQ_ETIMEDOUT)
		turn(client, fd);
	assert_ptr_equal(out, future);
	assert_int_equal(calls, 1);
	reapq_set_free(set);
	reapq_future_free(future);
	reapq_client_free(client);
	rig_end(worker);
}

/* The sockets behind the descriptor change; it does not. */
static void
a_foreign_loop_over_a_restart(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	int fd = reapq_fd(client);
	struct reapq_future *future = rig_submit(client, "hello");
	rig_restart_redis(rig);
	/* It submits again what Redis lost. */
	while (rig_redis(
		   rig, "EXISTS reapq:{%s}:t:%s", QUEUE, reapq_future_id(future)) == 0)
		turn(client, fd);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	while (!reapq_future_done(future))
		turn(client, fd);
	assert_int_equal(reapq_future_report(future)->outcome, REAPQ_RETURNED);
	reapq_future_free(future);
	reapq_client_free(client);
}

static void
a_callback_that_waits_makes_it_readable(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	int fd = reapq_fd(client);
	struct reapq_future *future = rig_submit(client, "a");
	struct reapq_future *other = NULL;
	int calls = 0;
	assert_int_equal(reapq_future_on_done(future, count_call, &calls, NULL), 0);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	/* The future settles inside a call that runs no callbacks. */
	while (!reapq_future_done(future)) {
		assert_int_equal(
		    reapq_attach(client, NULL, reapq_future_id(future), &other, NULL),
		    0);
		reapq_future_free(other);
	}
	assert_int_equal(calls, 0);
	assert_int_equal(reapq_timeout_ms(client), 0);
	turn(client, fd);
	assert_int_equal(calls, 1);
	reapq_future_free(future);
	reapq_client_free(client);
}

/* Without its own looks, which come every second, nothing else makes it readable. */
static struct reapq_client *
quiet_client(struct rig *rig)
{
	struct reapq_client *client;
	(void)setenv("REAPQ_RESYNC_MS", "8000", 1);
	client = rig_client(rig);
	(void)setenv("REAPQ_RESYNC_MS", RESYNC_MS, 1);
	return client;
}

static bool
readable(int fd, int timeout_ms)
{
	struct pollfd at = {.fd = fd, .events = POLLIN};
	return poll(&at, 1, timeout_ms) > 0;
}

static void
what_other_calls_settle_is_announced(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = quiet_client(rig);
	int fd = reapq_fd(client);
	struct reapq_future *future = rig_submit(client, "a");
	struct reapq_future *other = NULL, *out = NULL;
	struct reapq_set *set = NULL;
	assert_int_equal(reapq_set_new(&set, client, NULL), 0);
	assert_int_equal(reapq_set_add(set, future, NULL), 0);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	while (!reapq_future_done(future)) {
		assert_int_equal(
		    reapq_attach(client, NULL, reapq_future_id(future), &other, NULL),
		    0);
		reapq_future_free(other);
	}
	assert_int_equal(reapq_timeout_ms(client), 0);
	assert_true(readable(fd, 300));
	do
		assert_int_equal(reapq_process(client, NULL), 0);
	while (reapq_timeout_ms(client) == 0);
	assert_int_equal(reapq_set_next(set, 0, &out, NULL), 0);
	assert_ptr_equal(out, future);
	/* One that is done when it is added. */
	assert_int_equal(reapq_process(client, NULL), 0);
	assert_int_equal(reapq_set_add(set, future, NULL), 0);
	assert_int_equal(reapq_timeout_ms(client), 0);
	assert_true(readable(fd, 300));
	reapq_set_free(set);
	reapq_future_free(future);
	reapq_client_free(client);
}

/* Attach, cancel and submit go on to read the result after their own answer. */
static void
what_calls_leave_to_send_is_announced(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = quiet_client(rig);
	int fd = reapq_fd(client);
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *futures[3] = {NULL, NULL, NULL};
	task.handler = "echo";
	task.id = "a";
	assert_int_equal(reapq_submit(client, &task, NULL, NULL), 0);
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(reapq_attach(client, NULL, "a", &futures[0], NULL), 0);
	assert_true(readable(fd, 0));
	while (!reapq_future_done(futures[0]))
		turn(client, fd);
	assert_int_equal(reapq_submit(client, &task, &futures[1], NULL), 0);
	assert_true(readable(fd, 0));
	while (!reapq_future_done(futures[1]))
		turn(client, fd);
	futures[2] = rig_submit(client, "x");
	assert_int_equal(reapq_future_cancel(futures[2], 0, NULL), 0);
	/* Its hint may have come within the call: then only the answer is awaited. */
	assert_true(readable(fd, 300));
	while (!reapq_future_done(futures[2]))
		turn(client, fd);
	for (int i = 0; i < 3; i++)
		reapq_future_free(futures[i]);
	reapq_client_free(client);
}

static int
in_child(
    struct reapq_client *client, struct reapq_future *future, struct reapq_set *set)
{
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *other = NULL;
	task.handler = "echo";
	if (reapq_submit(client, &task, &other, NULL) != REAPQ_EFORKED)
		return 1;
	if (reapq_future_wait(future, 0, NULL) != REAPQ_EFORKED)
		return 2;
	if (reapq_future_cancel(future, 1, NULL) != REAPQ_EFORKED)
		return 3;
	if (reapq_set_next(set, 0, &other, NULL) != REAPQ_EFORKED)
		return 4;
	if (reapq_process(client, NULL) != REAPQ_EFORKED)
		return 5;
	if (reapq_attach(client, NULL, "x", &other, NULL) != REAPQ_EFORKED)
		return 6;
	if (reapq_fd(client) != -1 || reapq_timeout_ms(client) != -1)
		return 7;
	reapq_set_free(set);
	reapq_future_free(future);
	reapq_client_free(client);
	return 0;
}

static void
fork_is_noticed_and_harmless(void **state)
{
	struct rig *rig = *state;
	struct reapq_client *client = rig_client(rig);
	int fd = reapq_fd(client);
	struct reapq_future *future = rig_submit(client, "hello");
	struct reapq_set *set = NULL;
	int status = 0;
	pid_t pid;
	assert_int_equal(reapq_set_new(&set, client, NULL), 0);
	assert_int_equal(reapq_set_add(set, future, NULL), 0);
	assert_int_equal(reapq_future_wait(future, 0, NULL), REAPQ_ETIMEDOUT);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(in_child(client, future, set));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* The child's frees took nothing from the parent: neither its loop hears less... */
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	while (!reapq_future_done(future))
		turn(client, fd);
	reapq_future_free(future);
	/* ...nor does a plain wait. */
	future = rig_submit(client, "again");
	assert_int_equal(rig_echo_all(rig, QUEUE), 1);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	reapq_future_free(future);
	reapq_set_free(set);
	reapq_client_free(client);
}

static void
connect_errors(void **state)
{
	struct rig *rig = *state;
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_client *client = NULL;
	struct reapq_error err = REAPQ_ERROR_INIT;
	opts.url = "redis://127.0.0.1:1/0";
	assert_int_equal(reapq_client_new(&client, &opts, &err), REAPQ_ECONN);
	assert_null(client);
	assert_string_equal(
	    err.msg, "no Redis at redis://127.0.0.1:1/0: connection refused");
	opts.url = "ftp://secret:word@x";
	assert_int_equal(reapq_client_new(&client, &opts, &err), REAPQ_EINVAL);
	assert_null(strstr(err.msg, "word"));
	(void)rig_redis(rig, "CONFIG SET requirepass swordfish");
	opts.url = rig->url;
	assert_int_equal(reapq_client_new(&client, &opts, &err), REAPQ_EREDIS);
	opts.password = "sardine";
	assert_int_equal(reapq_client_new(&client, &opts, &err), REAPQ_EREDIS);
	assert_null(strstr(err.msg, "sardine"));
	opts.password = "swordfish";
	assert_int_equal(reapq_client_new(&client, &opts, &err), 0);
	reapq_client_free(client);
	opts.size = sizeof(size_t) - 1;
	assert_int_equal(reapq_client_new(&client, &opts, &err), REAPQ_EINVAL);
}

static void
a_call_while_redis_is_away(void **state)
{
	struct rig *rig = *state;
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_client *client = NULL;
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_future *future = NULL;
	struct reapq_error err = REAPQ_ERROR_INIT;
	opts.url = rig->url;
	opts.call_timeout_ms = 100;
	assert_int_equal(reapq_client_new(&client, &opts, NULL), 0);
	rig_kill_redis(rig);
	task.handler = "echo";
	assert_int_equal(reapq_submit(client, &task, &future, &err), REAPQ_ECONN);
	assert_null(future);
	assert_non_null(strstr(err.msg, "within 100 ms"));
	rig_start_redis(rig);
	/* The client came back by itself. */
	while (reapq_submit(client, &task, &future, &err) == REAPQ_ECONN)
		continue;
	assert_non_null(future);
	(void)rig_echo_all(rig, QUEUE);
	assert_int_equal(reapq_future_wait(future, -1, NULL), 0);
	reapq_future_free(future);
	reapq_client_free(client);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_foreign_loop_by_fd, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		a_foreign_loop_over_a_restart, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		a_callback_that_waits_makes_it_readable, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		fork_is_noticed_and_harmless, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(connect_errors, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		a_call_while_redis_is_away, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		what_other_calls_settle_is_announced, rig_setup, rig_teardown),
	    cmocka_unit_test_setup_teardown(
		what_calls_leave_to_send_is_announced, rig_setup, rig_teardown),
	};
	/* The descriptor must do for wake-ups, and the library's own looks come fast. */
	(void)setenv("REAPQ_RESYNC_MS", RESYNC_MS, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
