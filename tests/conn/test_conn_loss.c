/*
 * test_conn_loss.c - what becomes of requests when a real redis-server, or the
 * connection to it, dies under them.
 */
#include "fixture.h"
#include "server.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define MANY 2000

static struct server server;
static struct got got[MANY];

static int
start(void **state)
{
	server_make_unix(&server);
	server_start(&server);
	return fixture_setup(state);
}

static int
stop(void **state)
{
	server_remove(&server);
	return fixture_teardown(state);
}

/* Number i to the set, which counts how many really got there. */
static void
send_number(struct conn *c, int i, unsigned flags)
{
	char n[16];

	snprintf(n, sizeof n, "%d", i);
	send_script(c, &got[i], flags, &sadd, "set", n, NULL);
}

static void
killed_clients_requests_are_answered_once_each(void **state)
{
	struct states states = {0};
	struct conn *c = connect_to(server.url, NULL, &states);

	(void)state;
	ask(c, "PING", NULL);
	states = (struct states){0}; /* it may have been there before the server was */
	for (int i = 0; i < MANY; i++) {
		send_number(c, i, CONN_RESEND);
		/* what follows it in the same bytes is lost */
		if (i % 250 == 100)
			send_command(c, NULL, 0, "CLIENT", "KILL", "TYPE", "normal",
			    "SKIPME", "no", NULL);
		turn_loop(i % 3);
	}
	WAIT_UNTIL(conn_pending(c) == 0);
	assert_true(states.downs > 0);
	assert_int_equal(states.last.code, REAPQ_ECONN);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(got[i].calls, 1);
		assert_int_equal(got[i].code, 0);
	}
	assert_int_equal(ask(c, "SCARD", "set", NULL).n, MANY);
	conn_free(c);
}

static void
what_may_not_be_repeated_fails_when_it_was_out(void **state)
{
	struct conn *c = connect_to(server.url, NULL, NULL);
	struct conn *admin = connect_to(server.url, NULL, NULL);
	struct got blocked, read;

	(void)state;
	ask(c, "PING", NULL);
	send_command(c, &blocked, 0, "BLPOP", "nothing", "0", NULL);
	send_command(c, &read, CONN_RESEND, "ECHO", "read", NULL);
	turn_loop(2);
	ask(admin, "CLIENT", "KILL", "TYPE", "normal", NULL);
	WAIT_UNTIL(read.calls == 1);
	assert_int_equal(blocked.calls, 1);
	assert_int_equal(blocked.code, REAPQ_ECONN);
	assert_non_null(strstr(blocked.msg, "lost Redis at unix:"));
	assert_string_equal(read.text, "read");
	conn_free(admin);
	conn_free(c);
}

static void
a_restarted_server_gets_all_that_is_open(void **state)
{
	struct states states = {0};
	struct conn *c = connect_to(
	    server.url, &(struct conn_options){.check_server = true}, &states);

	(void)state;
	ask(c, "PING", NULL);
	states = (struct states){0}; /* it may have been there before the server was */
	for (int i = 0; i < 100; i++)
		send_number(c, i, CONN_RESEND);
	turn_loop(1);
	server_kill(&server);
	for (int i = 100; i < 200; i++)
		send_number(c, i, CONN_RESEND);
	WAIT_UNTIL(states.downs >= 2);
	assert_non_null(strstr(states.last.msg, "no Redis at unix:"));
	assert_non_null(strstr(states.last.msg, ": connection refused"));
	assert_int_equal(conn_fd(c), -1);
	/* it was not out yet, so there is no doubt about it */
	for (int i = 200; i < 300; i++)
		send_number(c, i, 0);
	server_start(&server);
	WAIT_UNTIL(conn_pending(c) == 0);
	assert_int_equal(states.ups, 1);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(got[i].calls, 1);
		assert_string_equal(got[i].msg, "");
		assert_int_equal(got[i].code, 0);
	}
	assert_int_equal(ask(c, "SCARD", "set", NULL).n, 300);
	conn_free(c);
}

static void
nobody_there_is_said_in_words(void **state)
{
	struct states states = {0};
	struct got late = {0};
	const char *argv[] = {"PING"};
	struct conn_request req = {
	    .argc = 1, .argv = argv, .timeout_ms = 30, .fn = got_reply, .arg = &late};
	struct conn *c;

	(void)state;
	c = connect_to("unix:///nonexistent/socket", NULL, &states);
	assert_int_equal(conn_send(c, &req, NULL), 0);
	WAIT_UNTIL(late.calls == 1 && states.downs >= 2);
	assert_int_equal(late.code, REAPQ_ECONN);
	assert_int_equal(states.last.code, REAPQ_ECONN);
	assert_string_equal(states.last.msg,
	    "no Redis at unix:///nonexistent/socket?db=0: no such file or directory");
	assert_non_null(strstr(late.msg, states.last.msg));
	assert_true(conn_timeout_ms(c) >= 0);
	conn_free(c);
}

static void
too_many_waiting_requests_are_refused(void **state)
{
	struct conn *c = connect_to("unix:///nonexistent/socket", NULL, NULL);
	const char *argv[] = {"PING"};
	struct conn_request req = {.argc = 1, .argv = argv};
	struct reapq_error err = REAPQ_ERROR_INIT;
	int sent = 0, rc;

	(void)state;
	while ((rc = conn_send(c, &req, &err)) == 0)
		sent++;
	assert_int_equal(rc, REAPQ_EFULL);
	assert_int_equal(err.code, REAPQ_EFULL);
	assert_int_equal(sent, 100000);
	assert_int_equal(conn_pending(c), sent);
	conn_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		killed_clients_requests_are_answered_once_each, start, stop),
	    cmocka_unit_test_setup_teardown(
		what_may_not_be_repeated_fails_when_it_was_out, start, stop),
	    cmocka_unit_test_setup_teardown(
		a_restarted_server_gets_all_that_is_open, start, stop),
	    cmocka_unit_test_setup_teardown(
		nobody_there_is_said_in_words, fixture_setup, fixture_teardown),
	    cmocka_unit_test_setup_teardown(
		too_many_waiting_requests_are_refused, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
