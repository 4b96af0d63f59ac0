/*
 * test_conn_fake.c - servers that are old, silent, not the master, or hostile.
 */
#include "fake.h"
#include "fixture.h"
#include "url.h"
#include <stdio.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

static bool
is(const struct redisReply *command, const char *name)
{
	return strcmp(command->element[0]->str, name) == 0;
}

static const char *
answer_info(int connection, const struct redisReply *command, void *arg)
{
	static char answer[256];
	const char *info = arg;

	if (!is(command, "INFO"))
		return fake_greeting(connection, command, NULL);
	snprintf(answer, sizeof answer, "$%zu\r\n%s\r\n", strlen(info), info);
	return answer;
}

static void
old_servers_are_refused_and_new_ones_not(void **state)
{
	static const struct {
		const char *info, *said; /* NULL: welcome */
	} cases[] = {
	    {"# Server\r\nredis_version:6.2.7\r\nredis_mode:standalone\r\n",
		"Redis 6.2.7 is too old: reapq needs Redis >= 7.0 or Valkey >= 7.2"},
	    {"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:7.1.9\r\n",
		"Valkey 7.1.9 is too old: reapq needs Redis >= 7.0 or Valkey >= 7.2"},
	    {"not_redis_version:7.0.0\r\nx:redis_version:7.0.0\r\n",
		"does not say its version"},
	    {"redis_version:\r\n", "is too old"},
	    {"redis_version:7.0.0", NULL},
	    {"redis_version:8.0.2\r\n", NULL},
	    {"redis_version:10.0\r\n", NULL},
	    {"redis_version:7.2.4\r\nvalkey_version:8.1.0\r\n", NULL},
	    {"redis_version:7.2.4\r\nvalkey_version:7.2.0\r\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char info[128];
		struct fake *f;
		struct states states = {0};
		struct conn *c;

		snprintf(info, sizeof info, "%s", cases[i].info);
		f = fake_new(answer_info, info);
		c = connect_to(
		    fake_url(f), &(struct conn_options){.check_server = true}, &states);
		WAIT_UNTIL(states.ups + states.downs > 0);
		assert_int_equal(states.ups, cases[i].said ? 0 : 1);
		if (cases[i].said) {
			assert_int_equal(states.last.code, REAPQ_EREDIS);
			assert_non_null(strstr(states.last.msg, cases[i].said));
		}
		conn_free(c);
		fake_free(f);
	}
}

static const char *
never_answer(int connection, const struct redisReply *command, void *arg)
{
	(void)connection;
	(void)command;
	(void)arg;
	return NULL;
}

static void
a_server_that_never_answers_is_given_up(void **state)
{
	struct fake *f = fake_new(never_answer, NULL);
	struct states states = {0};
	struct conn *c = connect_to(fake_url(f),
	    &(struct conn_options){.connect_timeout_ms = 30, .check_server = true},
	    &states);

	(void)state;
	WAIT_UNTIL(states.downs >= 2);
	assert_int_equal(states.ups, 0);
	assert_int_equal(states.last.code, REAPQ_ECONN);
	assert_non_null(strstr(states.last.msg, "no answer within 30 ms"));
	conn_free(c);
	fake_free(f);
}

/* Greets; the first connection is deaf to the rest, and to PING when arg says so. */
static const char *
answer_on_the_second(int connection, const struct redisReply *command, void *arg)
{
	const char *greeting = fake_greeting(connection, command, arg);
	bool *deaf_to_ping = arg;

	if (is(command, "PING") && connection == 1 && *deaf_to_ping)
		return NULL;
	if (greeting)
		return greeting;
	return connection == 1 ? NULL : ":7\r\n";
}

static void
the_watchdog_breaks_a_black_hole(void **state)
{
	bool deaf_to_ping = false;
	struct fake *f = fake_new(answer_on_the_second, &deaf_to_ping);
	struct states states = {0};
	struct conn *c =
	    connect_to(fake_url(f), &(struct conn_options){.watchdog_ms = 50}, &states);
	struct got again, once;

	(void)state;
	send_command(c, &again, CONN_RESEND, "GET", "k", NULL);
	send_command(c, &once, 0, "GET", "k", NULL);
	WAIT_UNTIL(again.calls == 1);
	assert_int_equal(states.downs, 1);
	assert_non_null(strstr(states.last.msg, "nothing was received for 50 ms"));
	assert_int_equal(again.n, 7);
	assert_int_equal(once.calls, 1);
	assert_int_equal(once.code, REAPQ_ECONN);
	conn_free(c);
	fake_free(f);
}

static void
an_idle_black_hole_is_found_by_ping(void **state)
{
	bool deaf_to_ping = false;
	struct fake *f = fake_new(answer_on_the_second, &deaf_to_ping);
	struct states states = {0};
	struct conn *c =
	    connect_to(fake_url(f), &(struct conn_options){.watchdog_ms = 50}, &states);

	(void)state;
	WAIT_UNTIL(states.ups == 1);
	deaf_to_ping = true;
	WAIT_UNTIL(states.ups == 2);
	assert_non_null(strstr(states.last.msg, "nothing was received for 50 ms"));
	conn_free(c);
	fake_free(f);
}

struct script_of_answers {
	const char *const *answers; /* ends with NULL */
	int given, last_connection;
};

static const char *
answer_from_list(int connection, const struct redisReply *command, void *arg)
{
	struct script_of_answers *s = arg;
	const char *greeting = fake_greeting(connection, command, NULL);

	if (greeting)
		return greeting;
	s->last_connection = connection;
	assert_non_null(s->answers[s->given]);
	return s->answers[s->given++];
}

static struct got
ask_fake(struct script_of_answers *s, unsigned flags)
{
	struct fake *f = fake_new(answer_from_list, s);
	struct conn *c = connect_to(fake_url(f), NULL, NULL);
	struct got got;

	send_script(c, &got, flags, &incr, "k", NULL);
	WAIT_UNTIL(got.calls == 1);
	turn_loop(3);
	assert_int_equal(got.calls, 1);
	conn_free(c);
	fake_free(f);
	return got;
}

static void
not_now_is_asked_again_on_the_same_connection(void **state)
{
	struct script_of_answers s = {
	    .answers = (const char *[]){"-LOADING Redis is loading\r\n",
		"-BUSY running a script\r\n", ":3\r\n", NULL}};
	struct got got = ask_fake(&s, CONN_RESEND);

	(void)state;
	assert_int_equal(got.n, 3);
	assert_int_equal(s.last_connection, 1);
	s.given = 0;
	got = ask_fake(&s, 0);
	assert_int_equal(got.code, REAPQ_EREDIS);
	assert_string_equal(got.msg, "LOADING Redis is loading");
}

static void
only_who_insists_is_heard_after_a_denial(void **state)
{
	struct script_of_answers s = {.answers = (const char *[]){"-NOPERM no\r\n",
					  "-NOAUTH no\r\n", ":3\r\n", NULL}};
	struct got got = ask_fake(&s, CONN_RESEND | CONN_INSIST);

	(void)state;
	assert_int_equal(got.n, 3);
	assert_int_equal(s.last_connection, 1);
	s.given = 0;
	got = ask_fake(&s, CONN_RESEND);
	assert_int_equal(got.code, REAPQ_EREDIS);
	assert_string_equal(got.msg, "NOPERM no");
}

static void
a_replica_is_left_and_asked_again(void **state)
{
	struct script_of_answers s = {
	    .answers = (const char *[]){
		"-READONLY You can't write\r\n", "-UNBLOCKED\r\n", ":3\r\n", NULL}};
	struct got got = ask_fake(&s, CONN_RESEND);

	(void)state;
	assert_int_equal(got.n, 3);
	assert_int_equal(s.last_connection, 3);
	s.given = 0;
	got = ask_fake(&s, 0);
	assert_int_equal(got.code, REAPQ_EREDIS);
	assert_string_equal(got.msg, "READONLY You can't write");
}

static void
noscript_to_the_whole_text_is_an_error(void **state)
{
	struct script_of_answers s = {
	    .answers = (const char *[]){"-NOSCRIPT no\r\n", "-NOSCRIPT no\r\n", NULL}};
	struct got got = ask_fake(&s, CONN_RESEND);

	(void)state;
	assert_int_equal(got.code, REAPQ_EREDIS);
	assert_int_equal(s.given, 2);
}

static void
a_server_that_stays_busy_is_named_at_the_timeout(void **state)
{
	static const char *const busy[] = {"-BUSY for ever\r\n", "-BUSY for ever\r\n",
	    "-BUSY for ever\r\n", "-BUSY for ever\r\n", "-BUSY for ever\r\n",
	    "-BUSY for ever\r\n", "-BUSY for ever\r\n", NULL};
	struct script_of_answers s = {.answers = busy};
	struct fake *f = fake_new(answer_from_list, &s);
	struct conn *c = connect_to(fake_url(f), NULL, NULL);
	const char *argv[] = {"GET", "k"};
	struct got got = {0};
	struct conn_request req = {.argc = 2,
	    .argv = argv,
	    .timeout_ms = 120,
	    .flags = CONN_RESEND,
	    .fn = got_reply,
	    .arg = &got};

	(void)state;
	assert_int_equal(conn_send(c, &req, NULL), 0);
	WAIT_UNTIL(got.calls == 1);
	assert_int_equal(got.code, REAPQ_ETIMEDOUT);
	assert_non_null(strstr(got.msg, "BUSY for ever"));
	conn_free(c);
	fake_free(f);
}

/* Each is sent where one integer was due; the next connection behaves. */
static const char *
answer_badly_once(int connection, const struct redisReply *command, void *arg)
{
	const char *greeting = fake_greeting(connection, command, NULL);

	if (greeting)
		return greeting;
	return connection == 1 ? arg : ":5\r\n";
}

static void
hostile_bytes_only_cost_the_connection(void **state)
{
	static const char *const bad[] = {
	    ":1\r\n:2\r\n",           /* one that nobody asked for */
	    ":1\r\n-ERR go away\r\n", /* an error that nobody asked for */
	    "*1048577\r\n",           /* 8 MiB of pointers, each time */
	    "*2147483647\r\n",        /* 16 GiB of pointers */
	    "*-5\r\n",
	    "$99999999999999999999\r\n",
	    "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
	    "HTTP/1.1 400 Bad Request\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char answer[128];
		struct fake *f;
		struct states states = {0};
		struct conn *c;
		struct got first, second;

		snprintf(answer, sizeof answer, "%s", bad[i]);
		f = fake_new(answer_badly_once, answer);
		c = connect_to(
		    fake_url(f), &(struct conn_options){.watchdog_ms = -1}, &states);
		send_command(c, &first, CONN_RESEND, "GET", "k", NULL);
		WAIT_UNTIL(states.ups == 2);
		send_command(c, &second, CONN_RESEND, "GET", "k", NULL);
		WAIT_UNTIL(second.calls == 1);
		assert_int_equal(states.last.code, REAPQ_ECONN);
		assert_int_equal(first.calls, 1);
		assert_int_equal(second.n, 5);
		conn_free(c);
		fake_free(f);
	}
}

static const char *
refuse_all(int connection, const struct redisReply *command, void *arg)
{
	(void)connection;
	(void)command;
	return arg;
}

static void
a_refused_greeting_is_told_by_kind(void **state)
{
	static const struct {
		const char *answer;
		int code;
		const char *said;
	} cases[] = {
	    {"-ERR max number of clients reached\r\n", REAPQ_ECONN, "max number"},
	    {"-LOADING\r\n", REAPQ_ECONN, "not ready: LOADING"},
	    {"-DENIED Redis is running in protected mode\r\n", REAPQ_EREDIS, "DENIED"},
	    {"-NOAUTH Authentication required.\r\n", REAPQ_EREDIS, "wants a password"},
	    {":1\r\n", REAPQ_EREDIS, "does not say its version"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char answer[128];
		struct fake *f;
		struct states states = {0};
		struct conn *c;

		snprintf(answer, sizeof answer, "%s", cases[i].answer);
		f = fake_new(refuse_all, answer);
		c = connect_to(fake_url(f),
		    &(struct conn_options){.client_name = "x", .check_server = true},
		    &states);
		WAIT_UNTIL(states.downs > 0);
		assert_int_equal(states.last.code, cases[i].code);
		/* what is not ready is told from what is not there */
		assert_int_equal(
		    states.last.sys, cases[i].code == REAPQ_ECONN ? EAGAIN : 0);
		assert_non_null(strstr(states.last.msg, cases[i].said));
		assert_int_equal(states.ups, 0);
		conn_free(c);
		fake_free(f);
	}
}

/* A request whose callback does all that a callback may. */
struct busybody {
	struct conn *c;
	int calls;
	struct got *victim, next;
};

static void
meddle(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct busybody *b = arg;

	(void)reply;
	(void)err;
	b->calls++;
	conn_forget(b->c, b->victim);
	conn_reset(b->c, "because I can");
	send_command(b->c, &b->next, 0, "GET", "k", NULL);
}

static void
callbacks_may_forget_reset_and_send(void **state)
{
	static const char *const ones[] = {
	    ":1\r\n", ":1\r\n", ":1\r\n", ":1\r\n", ":1\r\n", ":1\r\n", NULL};
	struct script_of_answers s = {.answers = ones};
	struct fake *f = fake_new(answer_from_list, &s);
	struct states states = {0};
	struct conn *c = connect_to(fake_url(f), NULL, &states);
	struct got victim;
	struct busybody b = {.c = c, .victim = &victim};
	const char *argv[] = {"GET", "k"};
	struct conn_request req = {.argc = 2, .argv = argv, .fn = meddle, .arg = &b};

	(void)state;
	assert_int_equal(conn_send(c, &req, NULL), 0);
	send_command(c, &victim, CONN_RESEND, "GET", "k", NULL);
	WAIT_UNTIL(b.calls == 1 && b.next.calls == 1);
	assert_int_equal(victim.calls, 0);
	/* asked for after the reset, so it went out on the new connection */
	assert_int_equal(b.next.code, 0);
	assert_int_equal(states.ups, 2);
	assert_non_null(strstr(states.last.msg, "because I can"));
	conn_free(c);
	fake_free(f);
}

static void
doomed_requests_callbacks_may_meddle_too(void **state)
{
	bool deaf_to_ping = false;
	struct fake *f = fake_new(answer_on_the_second, &deaf_to_ping);
	struct conn *c = connect_to(fake_url(f), NULL, NULL);
	struct got victim;
	struct busybody b = {.c = c, .victim = &victim};
	const char *argv[] = {"GET", "k"};
	struct conn_request req = {.argc = 2, .argv = argv, .fn = meddle, .arg = &b};

	(void)state;
	assert_int_equal(conn_send(c, &req, NULL), 0);
	send_command(c, &victim, 0, "GET", "k", NULL);
	WAIT_UNTIL(conn_up(c));
	turn_loop(3);
	conn_reset(c, "the test says so");
	WAIT_UNTIL(b.next.calls == 1);
	assert_int_equal(b.calls, 1);
	assert_int_equal(victim.calls, 0);
	assert_int_equal(b.next.n, 7);
	conn_free(c);
	fake_free(f);
}

static void
tls_is_refused_by_a_build_without_it(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct conn *c = NULL;
	struct url url = {.host = "127.0.0.1", .port = 6379, .tls = true};

	(void)state;
	assert_int_equal(conn_new(&c, base, &(struct conn_options){.url = &url}, &err),
	    REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "TLS needs hiredis >= 1.0"));
	assert_null(c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(old_servers_are_refused_and_new_ones_not),
	    TEST(a_server_that_never_answers_is_given_up),
	    TEST(the_watchdog_breaks_a_black_hole),
	    TEST(an_idle_black_hole_is_found_by_ping),
	    TEST(not_now_is_asked_again_on_the_same_connection),
	    TEST(only_who_insists_is_heard_after_a_denial),
	    TEST(a_replica_is_left_and_asked_again),
	    TEST(noscript_to_the_whole_text_is_an_error),
	    TEST(a_server_that_stays_busy_is_named_at_the_timeout),
	    TEST(hostile_bytes_only_cost_the_connection),
	    TEST(a_refused_greeting_is_told_by_kind),
	    TEST(callbacks_may_forget_reset_and_send),
	    TEST(doomed_requests_callbacks_may_meddle_too),
	    TEST(tls_is_refused_by_a_build_without_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
