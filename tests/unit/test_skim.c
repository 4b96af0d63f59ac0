/* test_skim.c - every form of the format, every bound, every place to be cut off. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "skim.h"

struct form {
	const char *head;
	size_t head_len;
	size_t len; /* of the whole object; what follows the head is zeros */
};

/* A zero byte is the integer 0, so zeros serve as strings and as elements alike. */
#define FORM(head, len)                     \
	{                                   \
		head, sizeof(head) - 1, len \
	}

static const struct form forms[] = {
    FORM("\x00", 1), FORM("\x7f", 1), FORM("\xe0", 1), FORM("\xff", 1), /* fixints */
    FORM("\x80", 1), FORM("\x82", 5), FORM("\x8f", 31),                 /* fixmap */
    FORM("\x90", 1), FORM("\x93", 4), FORM("\x9f", 16),                 /* fixarray */
    FORM("\xa0", 1), FORM("\xa5", 6), FORM("\xbf", 32),                 /* fixstr */
    FORM("\xc0", 1), FORM("\xc2", 1), FORM("\xc3", 1),                  /* nil, bool */
    FORM("\xc4\x03", 5), FORM("\xc5\x01\x00", 259),                     /* bin */
    FORM("\xc6\x00\x01\x00\x00", 65541),                                /* bin 32 */
    FORM("\xc7\x03", 6), FORM("\xc8\x00\x03", 7),                       /* ext */
    FORM("\xc9\x00\x00\x00\x03", 9),                                    /* ext 32 */
    FORM("\xca", 5), FORM("\xcb", 9),                                   /* floats */
    FORM("\xcc", 2), FORM("\xcd", 3), FORM("\xce", 5), FORM("\xcf", 9), /* uints */
    FORM("\xd0", 2), FORM("\xd1", 3), FORM("\xd2", 5), FORM("\xd3", 9), /* ints */
    FORM("\xd4", 3), FORM("\xd5", 4), FORM("\xd6", 6), FORM("\xd7", 10),
    FORM("\xd8", 18),                                         /* fixexts */
    FORM("\xd9\x03", 5), FORM("\xda\x00\x03", 6),             /* str */
    FORM("\xdb\x00\x00\x00\x03", 8),                          /* str 32 */
    FORM("\xdc\x00\x03", 6), FORM("\xdd\x00\x00\x00\x03", 8), /* array */
    FORM("\xde\x00\x02", 7), FORM("\xdf\x00\x00\x00\x02", 9), /* map */
};

/* Blocks of exactly len bytes, so that a read past the end is seen. */
static int
skim_copy(const void *data, size_t len, size_t *ret_used, struct reapq_error *err)
{
	void *copy = malloc(len > 0 ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, data, len);
	r = skim_object(copy, len, ret_used, err);
	free(copy);
	return r;
}

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *f = &forms[i];
		unsigned char *data = calloc(1, f->len + 3);
		size_t used = 0;

		assert_non_null(data);
		memcpy(data, f->head, f->head_len);
		assert_int_equal(skim_copy(data, f->len, &used, NULL), 0);
		assert_int_equal(used, f->len);
		assert_int_equal(skim_copy(data, f->len + 3, &used, NULL), 0);
		assert_int_equal(used, f->len);
		assert_int_equal(skim_object(data, f->len, NULL, NULL), 0);
		/* Cut off at each length; of a large one, near both ends. */
		for (size_t cut = 0; cut < f->len; cut++) {
			struct reapq_error err = REAPQ_ERROR_INIT;

			if (cut == 300 && f->len > 600)
				cut = f->len - 300;
			used = 12345;
			assert_int_equal(
			    skim_copy(data, cut, &used, &err), REAPQ_EPROTO);
			assert_int_equal(err.code, REAPQ_EPROTO);
			assert_non_null(strstr(err.msg, "truncated"));
			assert_int_equal(used, 12345);
		}
		free(data);
	}
}

static void
test_reserved(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	assert_int_equal(skim_object("\x92\x01\xc1", 3, NULL, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "at byte 2"));
}

static void
test_depth(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	unsigned char data[100000];
	size_t used = 0;

	(void)state;
	memset(data, 0x91, sizeof(data));
	data[SKIM_DEPTH_MAX] = 0x00;
	assert_int_equal(skim_object(data, sizeof(data), &used, &err), 0);
	assert_int_equal(used, SKIM_DEPTH_MAX + 1);
	data[SKIM_DEPTH_MAX] = 0x90; /* an empty one is a level too */
	assert_int_equal(skim_object(data, sizeof(data), &used, &err), REAPQ_EPROTO);
	data[SKIM_DEPTH_MAX] = 0x91;
	assert_int_equal(skim_object(data, sizeof(data), &used, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "nested more than 16 deep at byte 16"));
	memset(data, 0x81, sizeof(data)); /* maps in their own keys */
	assert_int_equal(skim_object(data, sizeof(data), &used, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "nested more than"));
	/* Siblings are no depth. */
	memset(data, 0x90, sizeof(data));
	data[0] = 0x9f;
	assert_int_equal(skim_object(data, sizeof(data), &used, &err), 0);
	assert_int_equal(used, 16);
}

static void
test_nodes(void **state)
{
	static const unsigned char most[] = {0xdd, 0x00, 0x00, 0xff, 0xff};
	static const unsigned char over[] = {0xdd, 0x00, 0x01, 0x00, 0x00};
	struct reapq_error err = REAPQ_ERROR_INIT;
	size_t n = SKIM_NODES_MAX - 1; /* and the array itself */
	unsigned char *data = calloc(1, n + 6);
	size_t used = 0;

	(void)state;
	assert_non_null(data);
	memcpy(data, most, sizeof(most));
	assert_int_equal(skim_object(data, n + 6, &used, &err), 0);
	assert_int_equal(used, n + 5);
	memcpy(data, over, sizeof(over));
	assert_int_equal(skim_object(data, n + 6, &used, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "more than 65536 MessagePack objects"));
	free(data);
}

/* What a container declares is never more than what can follow. */
static void
test_counts(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} bombs[] = {
	    {"\xdd\xff\xff\xff\xff", 5},
	    {"\xdd\x02\x00\x00\x00", 5},
	    {"\xdf\xff\xff\xff\xff", 5},
	    {"\xdf\x80\x00\x00\x00", 5}, /* twice this is 2^32 */
	    {"\xdc\xff\xff\x00\x00", 5},
	    {"\xde\x00\x01\x00", 4}, /* a key without its value */
	    {"\x92\x90", 2},
	    {"\xdb\xff\xff\xff\xff", 5},
	    {"\xc6\xff\xff\xff\xff", 5},
	    {"\xc9\xff\xff\xff\xff\x00", 6},
	    {"\xc7\x00", 2}, /* an empty ext has its type byte */
	    {"\x81\xa1v\xdd\xff\xff\xff\xff", 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
		struct reapq_error err = REAPQ_ERROR_INIT;

		assert_int_equal(
		    skim_copy(bombs[i].data, bombs[i].len, NULL, &err), REAPQ_EPROTO);
		assert_non_null(strstr(err.msg, "truncated"));
	}
}

static void
test_map(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	assert_int_equal(skim_map("\x80", 1, NULL), 0);
	assert_int_equal(skim_map("\x81\xa1v\x01", 4, NULL), 0);
	assert_int_equal(skim_map("\xde\x00\x01\x00\x00", 5, NULL), 0);
	assert_int_equal(skim_map("\xdf\x00\x00\x00\x01\x00\x00", 7, NULL), 0);
	assert_int_equal(skim_map("\x90", 1, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "0x90"));
	assert_int_equal(skim_map("\x80\x80", 2, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "1 bytes after"));
	assert_int_equal(skim_map("", 0, &err), REAPQ_EPROTO);
	assert_int_equal(skim_map(NULL, 0, &err), REAPQ_EPROTO);
	assert_int_equal(skim_map("\x81", 1, &err), REAPQ_EPROTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_reserved),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_nodes),
	    cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_map),
	};

	return cmocka_run_group_tests_name("skim", tests, NULL, NULL);
}
