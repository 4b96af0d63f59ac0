/* What is kept of a stream, byte for byte, against keeping everything. */
#include "capture.h"

#include "cmocka_all.h"
#include <stdint.h>
#include <string.h>

#define STREAM 5000

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Feeds a stream in chunks of changing sizes; compares with its head or tail. */
static void
feed(size_t limit, bool keep_last, uint32_t seed)
{
	struct capture c = {.limit = limit, .keep_last = keep_last};
	unsigned char all[STREAM];
	size_t off = 0, len, kept = limit < STREAM ? limit : STREAM;
	const unsigned char *got;

	for (size_t i = 0; i < STREAM; i++)
		all[i] = (unsigned char)next(&seed);
	while (off < STREAM) {
		size_t n = 1 + next(&seed) % 700;

		if (n > STREAM - off)
			n = STREAM - off;
		capture_add(&c, all + off, n);
		off += n;
		assert_true(c.bytes.cap <= 256 || c.bytes.len <= 2 * limit);
	}
	got = capture_get(&c, &len);
	assert_int_equal(len, kept);
	assert_memory_equal(got, keep_last ? all + STREAM - kept : all, kept);
	assert_int_equal(c.truncated, limit < STREAM);
	capture_free(&c);
}

static void
test_capture_keeps_the_first_bytes(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 50; seed++)
		feed(1 + seed * 37, false, seed);
	feed(STREAM, false, 7);
	feed(STREAM + 1, false, 7);
}

static void
test_capture_keeps_the_last_bytes(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 50; seed++)
		feed(1 + seed * 37, true, seed);
	feed(STREAM, true, 7);
	feed(STREAM + 1, true, 7);
}

static void
test_capture_of_nothing(void **state)
{
	struct capture c = {.limit = 0, .keep_last = true};
	size_t len;

	(void)state;
	assert_non_null(capture_get(&c, &len));
	assert_int_equal(len, 0);
	assert_false(c.truncated);
	capture_add(&c, "x", 1);
	(void)capture_get(&c, &len);
	assert_int_equal(len, 0);
	assert_true(c.truncated);
	capture_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_capture_keeps_the_first_bytes),
	    cmocka_unit_test(test_capture_keeps_the_last_bytes),
	    cmocka_unit_test(test_capture_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
