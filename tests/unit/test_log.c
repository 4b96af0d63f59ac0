/* test_log.c - the shape of a line, levels, cutting, and that nothing forges one. */
#include "cmocka_all.h"

#include "death.h"
#include "log.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

#define STAMP "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "

static void
assert_matches(const char *text, const char *pattern)
{
	regex_t re;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&re, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" does not match %s", text, pattern);
	regfree(&re);
}

static void
log_one(void *arg)
{
	(void)arg;
	errno = 77;
	log_event(LOG_INFO, "attempt_ended", "id=%s status=%d", "X1", 3);
	if (errno != 77)
		_exit(1);
}

static void
log_no_values(void *arg)
{
	log_event(LOG_ERROR, arg, "%s", "");
}

static void
line_has_its_shape(void **state)
{
	char text[9000], event[] = "redis_lost";

	(void)state;
	assert_int_equal(death_status(log_one, NULL, text, sizeof(text)), 0);
	assert_matches(text, STAMP "info  attempt_ended id=X1 status=3\n$");
	assert_int_equal(death_status(log_no_values, event, text, sizeof(text)), 0);
	assert_matches(text, STAMP "error redis_lost\n$");
}

static void
log_all_levels(void *arg)
{
	log_set_level(*(enum log_level *)arg);
	log_event(LOG_DEBUG, "e", "n=%d", 0);
	log_event(LOG_INFO, "e", "n=%d", 1);
	log_event(LOG_WARN, "e", "n=%d", 2);
	log_event(LOG_ERROR, "e", "n=%d", 3);
}

static void
lower_levels_are_dropped(void **state)
{
	char text[9000];

	(void)state;
	for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
		enum log_level min = (enum log_level)level;

		assert_int_equal(
		    death_status(log_all_levels, &min, text, sizeof(text)), 0);
		for (int i = 0; i < 4; i++) {
			char value[16];

			snprintf(value, sizeof(value), "n=%d\n", i);
			assert_int_equal(strstr(text, value) != NULL, i >= level);
		}
	}
}

static void
level_names(void **state)
{
	(void)state;
	assert_int_equal(log_level_parse("debug"), LOG_DEBUG);
	assert_int_equal(log_level_parse("info"), LOG_INFO);
	assert_int_equal(log_level_parse("warn"), LOG_WARN);
	assert_int_equal(log_level_parse("error"), LOG_ERROR);
	assert_int_equal(log_level_parse("INFO"), -1);
	assert_int_equal(log_level_parse("errors"), -1);
	assert_int_equal(log_level_parse(""), -1);
	assert_int_equal(log_level_parse(NULL), -1);
}

static void
log_text(void *arg)
{
	log_event(LOG_WARN, "e", "v=%s", (const char *)arg);
}

static void
long_line_is_cut(void **state)
{
	char text[9000], value[6000];

	(void)state;
	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(death_status(log_text, value, text, sizeof(text)), 0);
	assert_int_equal(strlen(text), 4096);
	assert_string_equal(text + 4096 - 6, "vv...\n");
	/* The longest that fits is whole: stamp, "warn  e v=" and newline are 35 bytes. */
	value[4096 - 36] = '\0';
	assert_int_equal(death_status(log_text, value, text, sizeof(text)), 0);
	assert_int_equal(strlen(text), 4096);
	assert_string_equal(text + 4096 - 3, "vv\n");
}

static void
unquoted_control_bytes_forge_nothing(void **state)
{
	char text[9000], value[] = "x\n2026-01-01T00:00:00.000Z info  forged\r\x1b[1m";

	(void)state;
	assert_int_equal(death_status(log_text, value, text, sizeof(text)), 0);
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_null(strpbrk(text, "\r\x1b"));
}

static void
quoting(void **state)
{
	(void)state;
	assert_string_equal(log_quote("plain-1.5/x=y"), "plain-1.5/x=y");
	assert_string_equal(log_quote("two words"), "\"two words\"");
	assert_string_equal(log_quote(""), "\"\"");
	assert_string_equal(log_quote(NULL), "\"\"");
	assert_string_equal(log_quote("a\"b\\c"), "\"a\\\"b\\\\c\"");
	assert_string_equal(log_quote("a\nb\x1b\x7f"), "\"a\\nb\\x1b\\x7f\"");
	assert_string_equal(log_quote("\xc3\xa9"), "\"\\xc3\\xa9\"");
	assert_string_equal(log_quote_bytes("a\0b", 3), "\"a\\x00b\"");
	assert_string_equal(log_quote_bytes("abcdef", 3), "abc");
	assert_string_equal(log_quote_bytes(NULL, 0), "\"\"");
}

static void
four_quotes_live_at_once(void **state)
{
	const char *a = log_quote("a a"), *b = log_quote("b"), *c = log_quote("c c"),
		   *d = log_quote("d");

	(void)state;
	assert_string_equal(a, "\"a a\"");
	assert_string_equal(b, "b");
	assert_string_equal(c, "\"c c\"");
	assert_string_equal(d, "d");
}

static void
long_value_is_cut_inside_its_quotes(void **state)
{
	char value[5000];

	(void)state;
	for (int c = 'a'; c >= '\n'; c -= 'a' - '\n') {
		const char *text;

		memset(value, c, sizeof(value));
		text = log_quote_bytes(value, sizeof(value));
		assert_true(strlen(text) > 1000 && strlen(text) < 1024);
		assert_int_equal(text[0], '"');
		assert_string_equal(text + strlen(text) - 4, "...\"");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(line_has_its_shape),
	    cmocka_unit_test(lower_levels_are_dropped),
	    cmocka_unit_test(level_names),
	    cmocka_unit_test(long_line_is_cut),
	    cmocka_unit_test(unquoted_control_bytes_forge_nothing),
	    cmocka_unit_test(quoting),
	    cmocka_unit_test(four_quotes_live_at_once),
	    cmocka_unit_test(long_value_is_cut_inside_its_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
