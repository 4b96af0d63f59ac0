/* test_cli_text.c - bytes made fit for a terminal, task names, tables. */
#include "cmocka_all.h"

#include "ref.h"
#include "table.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
utf8_is_what_the_standard_says(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, next;
	} rows[] = {
	    {"a", 1, 1},
	    {"\0", 1, 1},
	    {"\x7f", 1, 1},
	    {"\x80", 1, 0},
	    {"\xc2\x80", 2, 2},
	    {"\xdf\xbf", 2, 2},
	    {"\xc1\xbf", 2, 0},
	    {"\xc2", 1, 0},
	    {"\xc2\x41", 2, 0},
	    {"\xe0\xa0\x80", 3, 3},
	    {"\xe0\x9f\xbf", 3, 0},
	    {"\xed\x9f\xbf", 3, 3},
	    {"\xed\xa0\x80", 3, 0},
	    {"\xef\xbf\xbf", 3, 3},
	    {"\xe2\x82", 2, 0},
	    {"\xf0\x90\x80\x80", 4, 4},
	    {"\xf0\x8f\xbf\xbf", 4, 0},
	    {"\xf4\x8f\xbf\xbf", 4, 4},
	    {"\xf4\x90\x80\x80", 4, 0},
	    {"\xf5\x80\x80\x80", 4, 0},
	    {"\xff", 1, 0},
	    {"", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(
		    text_utf8_next(rows[i].bytes, rows[i].len), rows[i].next);
	assert_true(text_utf8_valid("", 0));
	assert_true(text_utf8_valid("a\0\xe2\x82\xac", 5));
	assert_false(text_utf8_valid("a\xe2\x82", 3));
}

static void
assert_cleaned(const char *bytes, size_t len, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(text_clean(&out, bytes, len), 0);
	assert_string_equal(buf_str(&out), expected);
	buf_free(&out);
}

static void
nothing_moves_the_cursor(void **state)
{
	(void)state;
	assert_cleaned("plain \xe2\x82\xac", 9, "plain \xe2\x82\xac");
	assert_cleaned("\x1b[2Jx", 5, "\\x1b[2Jx");
	assert_cleaned("a\nb\tc\r", 6, "a\\nb\\tc\\x0d");
	assert_cleaned("\0\x7f", 2, "\\x00\\x7f");
	/* CSI as one C1 control, in UTF-8 and as a bare byte. */
	assert_cleaned("\xc2\x9b"
		       "1m",
	    4, "\\xc2\\x9b1m");
	assert_cleaned("\x9b"
		       "1m",
	    3, "\\x9b1m");
	assert_cleaned("\xc2\xa0", 2, "\xc2\xa0");
}

static void
names_of_tasks_go_round(void **state)
{
	struct ref ref;
	char name[REF_MAX];

	(void)state;
	assert_int_equal(ref_parse("abc", NULL, &ref, NULL), 0);
	assert_string_equal(ref.queue, "default");
	assert_string_equal(ref_format(ref.queue, ref.id, name), "abc");
	assert_int_equal(ref_parse("abc", "mail", &ref, NULL), 0);
	assert_string_equal(ref_format(ref.queue, ref.id, name), "mail/abc");
	assert_int_equal(ref_parse(name, "other", &ref, NULL), 0);
	assert_string_equal(ref.queue, "mail");
	assert_string_equal(ref.id, "abc");
}

static void
what_is_no_name_is_refused(void **state)
{
	static const char *const bad[] = {
	    "", "/", "a/", "/a", "a/b/c", "a b", "a\nb", "{a}", "a/b:c"};
	char longer[REAPQ_ID_MAX + 2];
	struct ref ref;

	(void)state;
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(ref_parse(longer, NULL, &ref, NULL), REAPQ_EINVAL);
	assert_int_equal(ref_parse(longer + 1, NULL, &ref, NULL), 0);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(ref_parse(bad[i], NULL, &ref, NULL), REAPQ_EINVAL);
	assert_int_equal(ref_check((const char *const[]){"a", "b/c"}, 2, NULL), 0);
	assert_int_equal(
	    ref_check((const char *const[]){"a", "b c"}, 2, NULL), REAPQ_EINVAL);
}

static void
columns_line_up(void **state)
{
	static const char *const header[] = {"NAME", "N", "REST"};
	struct table t;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	table_init(&t, "lrl", header);
	table_add(&t, (const char *const[]){"\xc3\xa4", "1", "x y"});
	table_add(&t, (const char *const[]){"longer", "123", ""});
	table_add(&t, (const char *const[]){"\n", "", "z"});
	assert_int_equal(table_print(&t, out), 0);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "NAME      N  REST\n"
				  "\xc3\xa4         1  x y\n"
				  "longer  123  -\n"
				  "\\n        -  z\n");
	table_free(&t);
	free(text);
}

static void
no_time_is_a_dash(void **state)
{
	char text[TEXT_TIME_MAX];

	(void)state;
	assert_int_equal(setenv("TZ", "UTC0", 1), 0);
	assert_string_equal(text_time(0, text), "-");
	assert_string_equal(
	    text_time(1763675000123, text), "2025-11-20 21:43:20.123 +0000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(utf8_is_what_the_standard_says),
	    cmocka_unit_test(nothing_moves_the_cursor),
	    cmocka_unit_test(names_of_tasks_go_round),
	    cmocka_unit_test(what_is_no_name_is_refused),
	    cmocka_unit_test(columns_line_up),
	    cmocka_unit_test(no_time_is_a_dash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
