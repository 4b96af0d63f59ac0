/* test_error.c - codes, messages that fit, and messages that do not. */
#include "cmocka_all.h"

#include "error.h"

#include <errno.h>
#include <string.h>

static void
every_code_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(reapq_code_name(REAPQ_OK), "OK");
	assert_string_equal(reapq_code_name(REAPQ_EINVAL), "EINVAL");
	assert_string_equal(reapq_code_name(REAPQ_ETOOLATE), "ETOOLATE");
	assert_string_equal(reapq_code_name(REAPQ_EDEADLK), "EDEADLK");
	for (int code = 0; code >= REAPQ_EUNCONFIRMED; code--) {
		assert_non_null(reapq_code_name(code));
		for (int other = 0; other > code; other--)
			assert_string_not_equal(
			    reapq_code_name(code), reapq_code_name(other));
	}
	assert_string_equal(reapq_code_name(REAPQ_EUNCONFIRMED - 1), "EUNKNOWN");
	assert_string_equal(reapq_code_name(1), "EUNKNOWN");
	assert_string_equal(reapq_code_name(INT32_MIN), "EUNKNOWN");
}

static void
set_fills_in_all_fields(void **state)
{
	struct reapq_error err = {.code = -99, .sys = 5, .msg = "old"};

	(void)state;
	assert_int_equal(
	    error_set(&err, REAPQ_EPROTO, "byte %d of %s", 3, "x"), REAPQ_EPROTO);
	assert_int_equal(err.code, REAPQ_EPROTO);
	assert_int_equal(err.sys, 0);
	assert_string_equal(err.msg, "byte 3 of x");
}

static void
null_err_returns_the_code(void **state)
{
	(void)state;
	assert_int_equal(error_set(NULL, REAPQ_ECONN, "x"), REAPQ_ECONN);
	assert_int_equal(error_sys(NULL, ENOENT, "x"), REAPQ_ESYS);
	assert_int_equal(error_wrap(NULL, REAPQ_ENOMEM, "x"), REAPQ_ENOMEM);
}

static void
sys_appends_what_the_system_says(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	assert_int_equal(error_sys(&err, ENOENT, "open %s", "/x"), REAPQ_ESYS);
	assert_int_equal(err.code, REAPQ_ESYS);
	assert_int_equal(err.sys, ENOENT);
	assert_string_equal(err.msg, "open /x: No such file or directory");
}

static void
wrap_puts_context_before(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	error_sys(&err, EACCES, "mkdir");
	assert_int_equal(error_wrap(&err, REAPQ_ESYS, "slot %d", 4), REAPQ_ESYS);
	assert_string_equal(err.msg, "slot 4: mkdir: Permission denied");
	assert_int_equal(err.sys, EACCES);
}

/* buf_add() and its like return a code and know no struct reapq_error. */
static void
wrap_of_a_bare_code_ignores_what_is_stale(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	assert_int_equal(error_wrap(&err, REAPQ_ENOMEM, "the task"), REAPQ_ENOMEM);
	assert_string_equal(err.msg, "the task: ENOMEM");
	assert_int_equal(err.code, REAPQ_ENOMEM);
	error_sys(&err, EIO, "long ago");
	assert_int_equal(error_wrap(&err, REAPQ_ENOMEM, "now"), REAPQ_ENOMEM);
	assert_string_equal(err.msg, "now: ENOMEM");
	assert_int_equal(err.sys, 0);
}

static void
long_message_ends_in_dots(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	char fits[256], longer[257];

	(void)state;
	memset(fits, 'a', 255);
	fits[255] = '\0';
	error_set(&err, REAPQ_EINVAL, "%s", fits);
	assert_string_equal(err.msg, fits);
	memset(longer, 'b', 256);
	longer[256] = '\0';
	error_set(&err, REAPQ_EINVAL, "%s", longer);
	assert_int_equal(strlen(err.msg), 255);
	assert_string_equal(err.msg + 250, "bb...");
	error_wrap(&err, REAPQ_EINVAL, "c");
	assert_int_equal(strncmp(err.msg, "c: bbb", 6), 0);
	assert_string_equal(err.msg + 252, "...");
	error_sys(&err, ENOENT, "%s", fits);
	assert_int_equal(strlen(err.msg), 255);
	assert_string_equal(err.msg + 252, "...");
}

static void
cut_never_splits_a_character(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	char text[1 + 2 * 150 + 1] = "a";

	(void)state;
	/* One byte, then two-byte characters: the cut would fall inside one. */
	for (size_t i = 1; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 3);
	error_set(&err, REAPQ_EINVAL, "%s", text);
	assert_string_equal(err.msg + strlen(err.msg) - 5, "\xc3\xa9...");
}

static void
message_is_one_line(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	error_set(
	    &err, REAPQ_EREDIS, "said \"%s\"", "no\r\n2026 info forged\x1b[2J\x7f");
	assert_string_equal(err.msg, "said \"no??2026 info forged?[2J?\"");
}

static void
message_may_quote_itself(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	error_set(&err, REAPQ_EINVAL, "inner");
	error_set(&err, REAPQ_EPROTO, "outer(%s)", err.msg);
	assert_string_equal(err.msg, "outer(inner)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_code_has_its_name),
	    cmocka_unit_test(set_fills_in_all_fields),
	    cmocka_unit_test(null_err_returns_the_code),
	    cmocka_unit_test(sys_appends_what_the_system_says),
	    cmocka_unit_test(wrap_puts_context_before),
	    cmocka_unit_test(wrap_of_a_bare_code_ignores_what_is_stale),
	    cmocka_unit_test(long_message_ends_in_dots),
	    cmocka_unit_test(cut_never_splits_a_character),
	    cmocka_unit_test(message_is_one_line),
	    cmocka_unit_test(message_may_quote_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
