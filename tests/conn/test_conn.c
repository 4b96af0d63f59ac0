/*
 * test_conn.c - a connection to a real redis-server that stays up.
 */
#include "fixture.h"
#include "server.h"
#include "url.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MANY 1000

static struct server server;

static int
start_unix(void **state)
{
	server_make_unix(&server);
	server_start(&server);
	return fixture_setup(state);
}

static int
start_tcp(void **state)
{
	server_make_tcp(&server);
	server_start(&server);
	return fixture_setup(state);
}

static int
stop(void **state)
{
	server_remove(&server);
	return fixture_teardown(state);
}

static void
requests_from_before_it_is_up_are_answered_in_order(void **state)
{
	struct states states = {0};
	struct conn *c = connect_to(
	    server.url, &(struct conn_options){.check_server = true}, &states);
	static struct got got[MANY];
	char n[16];

	(void)state;
	assert_false(conn_up(c));
	assert_int_equal(conn_error(c)->code, 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(n, sizeof n, "%d", i);
		send_command(c, &got[i], 0, "ECHO", n, NULL);
	}
	assert_int_equal(callbacks, 0);
	assert_int_equal(conn_pending(c), MANY);
	WAIT_UNTIL(callbacks == MANY);
	for (int i = 0; i < MANY; i++) {
		snprintf(n, sizeof n, "%d", i);
		assert_string_equal(got[i].text, n);
		assert_int_equal(got[i].nth, i + 1);
	}
	assert_true(conn_up(c));
	assert_int_equal(conn_error(c)->code, 0);
	assert_int_equal(states.ups, 1);
	assert_int_equal(conn_pending(c), 0);
	conn_free(c);
}

static void
binary_and_big_values_pass_unchanged(void **state)
{
	const size_t len = (size_t)20 << 20;
	struct conn *c = connect_to(server.url, NULL, NULL);
	char *value = malloc(len);
	const char *argv[] = {"SET", "k", value};
	size_t lens[] = {3, 1, len};
	struct got got = {0}, small;
	struct conn_request req = {
	    .argc = 3, .argv = argv, .argv_len = lens, .fn = got_reply, .arg = &got};

	(void)state;
	assert_non_null(value);
	for (size_t i = 0; i < len; i++)
		value[i] = (char)(i * 31);
	assert_int_equal(conn_send(c, &req, NULL), 0);
	free(value);
	send_command(c, &small, 0, "STRLEN", "k", NULL);
	WAIT_UNTIL(small.calls == 1);
	assert_int_equal(got.code, 0);
	assert_int_equal(small.n, len);
	assert_string_equal(ask(c, "GETRANGE", "k", "1", "2", NULL).text, "\037>");
	assert_int_equal(ask(c, "GET", "k", NULL).text_len, len);
	conn_free(c);
}

static void
a_script_comes_back_after_a_flush(void **state)
{
	struct conn *c = connect_to(server.url, NULL, NULL);
	static struct got got[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		if (i % 100 == 50)
			send_command(c, NULL, 0, "SCRIPT", "FLUSH", NULL);
		/* the flag is about lost connections: NOSCRIPT ran nothing */
		send_script(
		    c, &got[i], i % 2 ? CONN_RESEND : 0, &incr, "counter", NULL);
		if (i % 10 == 0)
			turn_loop(2);
	}
	WAIT_UNTIL(conn_pending(c) == 0);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(got[i].calls, 1);
		assert_int_equal(got[i].code, 0);
	}
	assert_string_equal(ask(c, "GET", "counter", NULL).text, "1000");
	assert_string_equal(ask(c, "EVALSHA", "00", "0", NULL).msg,
	    "NOSCRIPT No matching script. Please use EVAL.");
	conn_free(c);
}

static void
errors_come_as_errors_with_their_text(void **state)
{
	struct conn *c = connect_to(server.url, NULL, NULL);
	struct got got;

	(void)state;
	ask(c, "SET", "k", "v", NULL);
	got = ask(c, "LPUSH", "k", "v", NULL);
	assert_int_equal(got.code, REAPQ_EREDIS);
	assert_non_null(strstr(got.msg, "WRONGTYPE"));
	ask(c, "CONFIG", "SET", "maxmemory", "1", NULL);
	got = ask(c, "SET", "k", "v", NULL);
	assert_int_equal(got.code, REAPQ_EFULL);
	conn_free(c);
}

static void
the_database_of_the_url_is_used(void **state)
{
	struct conn *zero = connect_to(server.url, NULL, NULL), *three;
	struct states states = {0};
	char url[160];

	(void)state;
	snprintf(url, sizeof url, "%s/3", server.url);
	three = connect_to(url, NULL, NULL);
	ask(three, "SET", "k", "v", NULL);
	assert_int_equal(ask(zero, "EXISTS", "k", NULL).n, 0);
	assert_int_equal(ask(three, "EXISTS", "k", NULL).n, 1);
	conn_free(three);

	snprintf(url, sizeof url, "%s/99", server.url);
	three = connect_to(url, NULL, &states);
	WAIT_UNTIL(states.downs > 0 && states.last.code == REAPQ_EREDIS);
	assert_non_null(strstr(states.last.msg, "DB index is out of range"));
	conn_free(three);
	conn_free(zero);
}

static void
the_socket_is_ours_alone_and_watched(void **state)
{
	struct conn *c = connect_to(
	    server.url, &(struct conn_options){.client_name = "reapq-test"}, NULL);
	int value = 0;
	socklen_t len = sizeof value;

	(void)state;
	assert_int_equal(conn_fd(c), -1);
	assert_string_equal(ask(c, "CLIENT", "GETNAME", NULL).text, "reapq-test");
	assert_true(fcntl(conn_fd(c), F_GETFD) & FD_CLOEXEC);
	assert_int_equal(
	    getsockopt(conn_fd(c), SOL_SOCKET, SO_KEEPALIVE, &value, &len), 0);
	assert_int_equal(value, 1);
	assert_int_equal(
	    getsockopt(conn_fd(c), IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &len), 0);
	assert_int_equal(value, 10000);
	conn_free(c);
}

static int
start_with_password(void **state)
{
	server_make_tcp(&server);
	server.password = "right-Secret";
	server_start(&server);
	return fixture_setup(state);
}

static void
a_wrong_password_is_said_but_not_shown(void **state)
{
	struct states states = {0};
	char url[160];
	struct conn *c;

	(void)state;
	snprintf(url, sizeof url, "redis://:wrong-Secret@127.0.0.1:%s", server.port);
	c = connect_to(url, NULL, &states);
	WAIT_UNTIL(states.last.code == REAPQ_EREDIS);
	assert_non_null(strstr(states.last.msg, "WRONGPASS"));
	assert_null(strstr(states.last.msg, "Secret"));
	assert_int_equal(conn_error(c)->code, REAPQ_EREDIS);
	assert_int_equal(states.ups, 0);
	conn_free(c);

	states = (struct states){0};
	c = connect_to(server.url, NULL, &states);
	WAIT_UNTIL(states.last.code == REAPQ_EREDIS);
	assert_non_null(strstr(states.last.msg, "wants a password"));
	conn_free(c);

	snprintf(
	    url, sizeof url, "redis://default:right-Secret@127.0.0.1:%s", server.port);
	c = connect_to(url, &(struct conn_options){.check_server = true}, NULL);
	assert_string_equal(ask(c, "PING", NULL).text, "PONG");
	conn_free(c);
}

static void
a_stopped_server_times_requests_out(void **state)
{
	struct conn *c =
	    connect_to(server.url, &(struct conn_options){.watchdog_ms = -1}, NULL);
	struct got late, forever;
	const char *argv[] = {"ECHO", "late"};
	struct conn_request req = {
	    .argc = 2, .argv = argv, .timeout_ms = 50, .fn = got_reply, .arg = &late};

	(void)state;
	ask(c, "PING", NULL);
	server_signal(&server, SIGSTOP);
	late = (struct got){0};
	assert_int_equal(conn_send(c, &req, NULL), 0);
	send_command(c, &forever, 0, "ECHO", "forever", NULL);
	assert_true(conn_wants_write(c));
	assert_int_equal(conn_timeout_ms(c), 0);
	WAIT_UNTIL(late.calls == 1);
	assert_false(conn_wants_write(c));
	assert_int_equal(late.code, REAPQ_ETIMEDOUT);
	assert_int_equal(conn_pending(c), 1);
	assert_int_equal(conn_timeout_ms(c), -1);
	server_signal(&server, SIGCONT);
	/* the late answer, when it comes, is nobody else's */
	WAIT_UNTIL(forever.calls == 1);
	assert_string_equal(forever.text, "forever");
	assert_int_equal(late.calls, 1);
	assert_true(conn_up(c));
	conn_free(c);
}

static void
forgotten_requests_are_not_called_back(void **state)
{
	struct conn *c =
	    connect_to(server.url, &(struct conn_options){.watchdog_ms = -1}, NULL);
	struct got out, waiting, kept;

	(void)state;
	send_command(c, &waiting, 0, "ECHO", "waiting", NULL);
	conn_forget(c, &waiting);
	assert_int_equal(conn_pending(c), 0);
	ask(c, "PING", NULL);
	server_signal(&server, SIGSTOP);
	send_command(c, &out, 0, "ECHO", "out", NULL);
	send_command(c, &kept, 0, "ECHO", "kept", NULL);
	turn_loop(2);
	conn_forget(c, &out);
	assert_int_equal(conn_pending(c), 1);
	server_signal(&server, SIGCONT);
	WAIT_UNTIL(kept.calls == 1);
	assert_string_equal(kept.text, "kept");
	assert_int_equal(out.calls + waiting.calls, 0);
	conn_free(c);
}

static void
freeing_with_open_requests_calls_nobody(void **state)
{
	struct conn *c = connect_to(server.url, NULL, NULL);
	struct got got[4];

	(void)state;
	ask(c, "PING", NULL);
	send_command(c, &got[0], 0, "BLPOP", "nothing", "0", NULL);
	turn_loop(2);
	send_command(c, &got[1], CONN_RESEND, "ECHO", "x", NULL);
	send_script(c, &got[2], CONN_RESEND, &incr, "k", NULL);
	conn_free(c);
	c = connect_to(server.url, NULL, NULL);
	send_command(c, &got[3], 0, "ECHO", "x", NULL);
	conn_free(c);
	turn_loop(3);
	for (int i = 0; i < 4; i++)
		assert_int_equal(got[i].calls, 0);
	conn_free(NULL);
}

#define UNIX_TEST(f) cmocka_unit_test_setup_teardown(f, start_unix, stop)
#define TCP_TEST(f) cmocka_unit_test_setup_teardown(f, start_tcp, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    UNIX_TEST(requests_from_before_it_is_up_are_answered_in_order),
	    TCP_TEST(requests_from_before_it_is_up_are_answered_in_order),
	    UNIX_TEST(binary_and_big_values_pass_unchanged),
	    TCP_TEST(binary_and_big_values_pass_unchanged),
	    UNIX_TEST(a_script_comes_back_after_a_flush),
	    UNIX_TEST(errors_come_as_errors_with_their_text),
	    TCP_TEST(the_database_of_the_url_is_used),
	    TCP_TEST(the_socket_is_ours_alone_and_watched),
	    cmocka_unit_test_setup_teardown(
		a_wrong_password_is_said_but_not_shown, start_with_password, stop),
	    UNIX_TEST(a_stopped_server_times_requests_out),
	    UNIX_TEST(forgotten_requests_are_not_called_back),
	    UNIX_TEST(freeing_with_open_requests_calls_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
