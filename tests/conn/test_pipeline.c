/*
 * test_pipeline.c - what a request's bytes are, and where requests are when a
 * connection is cut at any byte.
 */
#include "fixture.h"
#include "pipeline.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct request *
make(const char *text, unsigned flags)
{
	struct request *r = NULL;
	const char *argv[] = {text};
	struct conn_request req = {.argc = 1, .argv = argv, .flags = flags};

	assert_int_equal(request_new(&r, &req, NULL), 0);
	return r;
}

static void
bytes_are_resp(void **state)
{
	const char *argv[] = {"SET", "a\0b", ""};
	size_t lens[] = {3, 3, 0};
	struct conn_request req = {.argc = 3, .argv = argv, .argv_len = lens};
	struct request *r = NULL;

	(void)state;
	assert_int_equal(request_new(&r, &req, NULL), 0);
	assert_int_equal(
	    r->len, sizeof "*3\r\n$3\r\nSET\r\n$3\r\na_b\r\n$0\r\n\r\n" - 1);
	assert_memory_equal(
	    r->bytes, "*3\r\n$3\r\nSET\r\n$3\r\na\0b\r\n$0\r\n\r\n", r->len);
	request_free(r);
}

static void
a_script_is_written_by_name_then_whole(void **state)
{
	static const struct script s = {
	    "s", "0123456789012345678901234567890123456789", "return 1"};
	const char *argv[] = {"x"};
	struct conn_request req = {.script = &s,
	    .key = "k",
	    .argc = 1,
	    .argv = argv,
	    .flags = CONN_RESEND,
	    .timeout_ms = 5};
	struct request *r = NULL, *whole;
	const char *by_name = "*5\r\n$7\r\nEVALSHA\r\n$40\r\n"
			      "0123456789012345678901234567890123456789\r\n"
			      "$1\r\n1\r\n$1\r\nk\r\n$1\r\nx\r\n";
	const char *in_full = "*5\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n"
			      "$1\r\n1\r\n$1\r\nk\r\n$1\r\nx\r\n";

	(void)state;
	assert_int_equal(request_new(&r, &req, NULL), 0);
	assert_int_equal(r->len, strlen(by_name));
	assert_memory_equal(r->bytes, by_name, r->len);
	whole = request_whole(r);
	assert_non_null(whole);
	assert_int_equal(whole->len, strlen(in_full));
	assert_memory_equal(whole->bytes, in_full, whole->len);
	assert_true(whole->resend);
	assert_int_equal(whole->timeout_ms, 5);
	request_free(r);
	request_free(whole);
}

static void
bad_requests_are_refused(void **state)
{
	const char *argv[] = {NULL};
	size_t lens[] = {1};
	struct conn_request none = {.argc = 0, .argv = argv};
	struct conn_request many = {.argc = CONN_ARGS_MAX + 1, .argv = argv};
	struct conn_request hole = {.argc = 1, .argv = argv, .argv_len = lens};
	struct conn_request missing = {.argc = 1, .argv = argv};
	struct conn_request keyless = {.script = &incr};
	struct request *r = NULL;
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	assert_int_equal(request_new(&r, &none, &err), REAPQ_EINVAL);
	assert_int_equal(request_new(&r, &many, &err), REAPQ_EINVAL);
	assert_int_equal(request_new(&r, &hole, &err), REAPQ_EINVAL);
	assert_int_equal(request_new(&r, &missing, &err), REAPQ_EINVAL);
	assert_int_equal(request_new(&r, &keyless, &err), REAPQ_EINVAL);
	assert_null(r);
}

/* What would be written next, as text. */
static void
gather_text(struct pipeline *p, char *text, size_t cap)
{
	struct iovec iov[8];
	int n = pipeline_gather(p, true, iov, 8);
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		assert_true(len + iov[i].iov_len < cap);
		memcpy(text + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	text[len] = '\0';
}

/* "a" and "c" may be repeated, "b" may not; the cut comes after any byte. */
static void
a_cut_anywhere_keeps_order_and_loses_nothing(void **state)
{
	const size_t each = strlen("*1\r\n$1\r\na\r\n");

	(void)state;
	for (size_t cut = 0; cut <= 3 * each; cut++) {
		struct pipeline p;
		struct request *doomed;
		char before[256], after[256], text[256];
		bool b_was_out = cut > each;

		pipeline_init(&p);
		pipeline_add(&p, make("a", CONN_RESEND));
		pipeline_add(&p, make("b", 0));
		pipeline_add(&p, make("c", CONN_RESEND));
		gather_text(&p, before, sizeof before);
		pipeline_wrote(&p, cut);
		gather_text(&p, after, sizeof after);
		assert_string_equal(after, before + cut);

		pipeline_lost(&p);
		gather_text(&p, text, sizeof text);
		assert_string_equal(
		    text, b_was_out ? "*1\r\n$1\r\na\r\n*1\r\n$1\r\nc\r\n" : before);
		doomed = pipeline_doomed(&p);
		assert_true(b_was_out == (doomed != NULL));
		if (doomed)
			request_free(doomed);
		assert_null(pipeline_doomed(&p));
		assert_int_equal(p.count, b_was_out ? 2 : 3);
		pipeline_clear(&p);
	}
}

/* "a" was told to wait, "b" is to go out again, "c" is out, "d" is new. */
static void
a_cut_keeps_the_order_of_all_lists(void **state)
{
	struct pipeline p;
	struct request *r;
	char text[256];

	(void)state;
	pipeline_init(&p);
	r = make("c", CONN_RESEND);
	pipeline_add(&p, r);
	pipeline_wrote(&p, r->len);
	pipeline_later(&p, make("a", CONN_RESEND));
	pipeline_again(&p, make("b", CONN_RESEND));
	pipeline_add(&p, make("d", 0));
	pipeline_lost(&p);
	gather_text(&p, text, sizeof text);
	assert_string_equal(text, "*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n"
				  "*1\r\n$1\r\nc\r\n*1\r\n$1\r\nd\r\n");
	pipeline_clear(&p);
}

static void
half_a_request_has_no_answer(void **state)
{
	struct pipeline p;
	struct request *r;

	(void)state;
	pipeline_init(&p);
	assert_null(pipeline_answered(&p));
	pipeline_add(&p, make("a", 0));
	r = TAILQ_FIRST(&p.waiting);
	assert_null(pipeline_answered(&p));
	pipeline_wrote(&p, r->len - 1);
	assert_null(pipeline_answered(&p));
	pipeline_wrote(&p, 1);
	assert_ptr_equal(pipeline_answered(&p), r);
	request_free(r);
	assert_int_equal(p.count, 0);
	assert_int_equal(p.bytes, 0);
}

static void
the_greeting_goes_first_and_alone(void **state)
{
	struct pipeline p;
	struct iovec iov[4];
	struct request *hello = make("h", 0);

	(void)state;
	pipeline_init(&p);
	pipeline_add(&p, make("a", 0));
	hello->own = REQUEST_HELLO_PING;
	pipeline_greet(&p, hello);
	assert_int_equal(p.count, 1);
	assert_int_equal(pipeline_gather(&p, false, iov, 4), 1);
	assert_ptr_equal(iov[0].iov_base, hello->bytes);
	assert_int_equal(pipeline_gather(&p, true, iov, 4), 2);
	assert_int_equal(pipeline_gather(&p, true, iov, 1), 1);
	pipeline_clear(&p);
}

static void
expiry_takes_what_is_due_and_says_what_is_next(void **state)
{
	struct pipeline p;
	struct request *r;
	const int64_t due_ms[] = {300, 100, 0, 200};

	(void)state;
	pipeline_init(&p);
	for (size_t i = 0; i < 4; i++) {
		r = make("x", CONN_RESEND);
		r->deadline_ms = due_ms[i];
		pipeline_add(&p, r);
	}
	assert_true(pipeline_expire(&p, 99) == 100);
	assert_null(pipeline_doomed(&p));
	assert_true(pipeline_expire(&p, 200) == 300);
	for (int i = 0; i < 2; i++) {
		r = pipeline_doomed(&p);
		assert_non_null(r);
		assert_true(r->deadline_ms <= 200);
		request_free(r);
	}
	assert_null(pipeline_doomed(&p));
	r = TAILQ_FIRST(&p.waiting);
	pipeline_wrote(&p, r->len); /* out: its timer is still wanted */
	assert_true(pipeline_expire(&p, 200) == 300);
	assert_true(pipeline_expire(&p, 300) == 0);
	pipeline_drop(&p, r);
	assert_int_equal(p.count, 1);
	pipeline_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_are_resp),
	    cmocka_unit_test(a_script_is_written_by_name_then_whole),
	    cmocka_unit_test(bad_requests_are_refused),
	    cmocka_unit_test(a_cut_anywhere_keeps_order_and_loses_nothing),
	    cmocka_unit_test(a_cut_keeps_the_order_of_all_lists),
	    cmocka_unit_test(half_a_request_has_no_answer),
	    cmocka_unit_test(the_greeting_goes_first_and_alone),
	    cmocka_unit_test(expiry_takes_what_is_due_and_says_what_is_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
