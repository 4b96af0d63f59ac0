/* test_id.c - the layout of ids, and which names are accepted. */
#include "cmocka_all.h"

#include "id.h"

#include <string.h>

static void
layout_is_that_of_a_ulid(void **state)
{
	static const uint8_t zeros[10];
	static const uint8_t ones[10] = {
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t steps[10] = {
	    0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf};
	char id[REAPQ_ID_LEN + 1];

	(void)state;
	id_format(id, 0, zeros);
	assert_string_equal(id, "00000000000000000000000000");
	/* The largest there is, by the specification. */
	id_format(id, ((int64_t)1 << 48) - 1, ones);
	assert_string_equal(id, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
	/* The time of the specification's example. */
	id_format(id, 1469922850259, zeros);
	assert_string_equal(id, "01ARZ3NDEK0000000000000000");
	/* Five bits of value 0, 1, 2, ... 15: every byte is in its place. */
	id_format(id, 0, steps);
	assert_string_equal(id, "00000000000123456789ABCDEF");
}

static void
ids_sort_by_time(void **state)
{
	static const uint8_t ones[10] = {
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t zeros[10];
	static const int64_t times[] = {
	    -5, 1, 31, 32, 1023, 1024, 1700000000000, 1700000000001};
	char before[REAPQ_ID_LEN + 1], after[REAPQ_ID_LEN + 1];

	(void)state;
	for (size_t i = 1; i < sizeof(times) / sizeof(times[0]); i++) {
		id_format(before, times[i - 1], ones);
		id_format(after, times[i], zeros);
		assert_true(strcmp(before, after) < 0);
	}
}

static void
made_ids_are_valid_and_differ(void **state)
{
	char ids[64][REAPQ_ID_LEN + 1];

	(void)state;
	for (int i = 0; i < 64; i++) {
		id_make(ids[i]);
		assert_int_equal(strlen(ids[i]), REAPQ_ID_LEN);
		assert_true(id_valid(ids[i]));
		assert_int_equal(
		    strspn(ids[i], "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
}

static void
names_by_length(void **state)
{
	char text[REAPQ_ID_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[REAPQ_ID_MAX + 1] = '\0';
	assert_false(id_valid(text));
	assert_false(id_valid_bytes(text, REAPQ_ID_MAX + 1));
	text[REAPQ_ID_MAX] = '\0';
	assert_true(id_valid(text));
	assert_true(id_valid_bytes(text, 1));
	assert_false(id_valid_bytes(text, 0));
	assert_false(id_valid(""));
	assert_false(id_valid(NULL));
}

static void
names_by_byte(void **state)
{
	static const char accepted[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789_.-";

	(void)state;
	for (int c = 0; c < 256; c++) {
		char text[3] = {'a', (char)c, 'b'};

		assert_int_equal(
		    id_valid_bytes(text, 3), c != 0 && strchr(accepted, c) != NULL);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(layout_is_that_of_a_ulid),
	    cmocka_unit_test(ids_sort_by_time),
	    cmocka_unit_test(made_ids_are_valid_and_differ),
	    cmocka_unit_test(names_by_length),
	    cmocka_unit_test(names_by_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
