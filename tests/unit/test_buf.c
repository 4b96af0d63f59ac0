/* test_buf.c - growth, giving away, and what is left when memory is refused. */
#include "cmocka_all.h"

#include "buf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool refuse;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

/* The linker puts this in realloc's place (--wrap). */
void *
__wrap_realloc(void *p, size_t size)
{
	return refuse ? NULL : __real_realloc(p, size);
}

static void
zeroed_is_empty(void **state)
{
	struct buf b = {.data = NULL};
	size_t len = 99;

	(void)state;
	assert_int_equal(buf_reserve(&b, 0), 0);
	assert_null(b.data);
	assert_int_equal(buf_add(&b, NULL, 0), 0);
	assert_null(buf_take(&b, &len));
	assert_int_equal(len, 0);
	buf_free(&b);
	buf_free(&b);
	buf_free(NULL);
}

static void
grows_by_doubling_from_256(void **state)
{
	struct buf b = {.data = NULL};

	(void)state;
	assert_int_equal(buf_add(&b, "x", 1), 0);
	assert_int_equal(b.cap, 256);
	assert_int_equal(buf_reserve(&b, 255), 0);
	assert_int_equal(b.cap, 256);
	assert_int_equal(buf_reserve(&b, 256), 0);
	assert_int_equal(b.cap, 512);
	assert_int_equal(buf_reserve(&b, 5000), 0);
	assert_int_equal(b.cap, 8192);
	assert_int_equal(b.len, 1);
	assert_int_equal(b.data[0], 'x');
	buf_free(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
}

static void
keeps_bytes_of_any_value(void **state)
{
	struct buf b = {.data = NULL};

	(void)state;
	assert_int_equal(buf_add(&b, "a\0b", 3), 0);
	assert_int_equal(buf_addf(&b, "%d-%s", 42, "z"), 0);
	assert_int_equal(b.len, 7);
	assert_memory_equal(b.data, "a\0b42-z", 7);
	buf_free(&b);
}

static void
str_ends_in_nul_that_does_not_count(void **state)
{
	struct buf b = {.data = NULL};
	char full[256];

	(void)state;
	assert_string_equal(buf_str(&b), "");
	assert_int_equal(b.len, 0);
	memset(full, 'q', sizeof(full));
	assert_int_equal(buf_add(&b, full, sizeof(full)), 0);
	assert_int_equal(b.cap, 256);
	assert_int_equal(strlen(buf_str(&b)), 256);
	assert_int_equal(b.len, 256);
	buf_free(&b);
}

static void
addf_fits_text_longer_than_the_buffer(void **state)
{
	struct buf b = {.data = NULL};

	(void)state;
	assert_int_equal(buf_addf(&b, "%0999d", 7), 0);
	assert_int_equal(b.len, 999);
	assert_int_equal(b.data[998], '7');
	assert_int_equal(buf_addf(&b, "%s", ""), 0);
	assert_int_equal(b.len, 999);
	buf_free(&b);
	/* The last byte is for the NUL that vsnprintf() writes, though it does not count. */
	assert_int_equal(buf_addf(&b, "%0255d", 7), 0);
	assert_int_equal(b.cap, 256);
	assert_int_equal(buf_addf(&b, "x"), 0);
	assert_int_equal(b.cap, 512);
	assert_int_equal(b.len, 256);
	buf_free(&b);
}

static void
take_gives_away_and_empties(void **state)
{
	struct buf b = {.data = NULL};
	size_t len = 0;
	char *data;

	(void)state;
	assert_int_equal(buf_add(&b, "mine", 4), 0);
	data = buf_take(&b, &len);
	assert_int_equal(len, 4);
	assert_memory_equal(data, "mine", 4);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.cap, 0);
	free(data);
	/* Room without bytes is still empty. */
	assert_int_equal(buf_reserve(&b, 10), 0);
	assert_null(buf_take(&b, NULL));
	assert_null(b.data);
}

static void
stays_as_it_was_without_memory(void **state)
{
	struct buf b = {.data = NULL};
	char *data, full[256];

	(void)state;
	memset(full, 'f', sizeof(full));
	assert_int_equal(buf_add(&b, full, sizeof(full)), 0);
	data = b.data;
	refuse = true;
	assert_int_equal(buf_reserve(&b, 1), REAPQ_ENOMEM);
	assert_int_equal(buf_add(&b, "x", 1), REAPQ_ENOMEM);
	assert_int_equal(buf_addf(&b, "%d", 1), REAPQ_ENOMEM);
	assert_null(buf_str(&b));
	refuse = false;
	assert_ptr_equal(b.data, data);
	assert_int_equal(b.len, 256);
	assert_int_equal(b.cap, 256);
	assert_memory_equal(b.data, full, sizeof(full));
	buf_free(&b);
}

static void
impossible_sizes_are_refused(void **state)
{
	struct buf b = {.data = NULL};

	(void)state;
	assert_int_equal(buf_reserve(&b, SIZE_MAX), REAPQ_ENOMEM);
	assert_int_equal(buf_add(&b, "abc", 3), 0);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), REAPQ_ENOMEM);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 2), REAPQ_ENOMEM);
	assert_int_equal(buf_reserve(&b, (size_t)PTRDIFF_MAX - 2), REAPQ_ENOMEM);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.data, "abc", 3);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(zeroed_is_empty),
	    cmocka_unit_test(grows_by_doubling_from_256),
	    cmocka_unit_test(keeps_bytes_of_any_value),
	    cmocka_unit_test(str_ends_in_nul_that_does_not_count),
	    cmocka_unit_test(addf_fits_text_longer_than_the_buffer),
	    cmocka_unit_test(take_gives_away_and_empties),
	    cmocka_unit_test(stays_as_it_was_without_memory),
	    cmocka_unit_test(impossible_sizes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
