/* test_backoff.c - where delays start, how they grow, and odd settings. */
#include "cmocka_all.h"

#include "backoff.h"

static void
first_is_from_min_to_three_times_min(void **state)
{
	struct backoff b = {.min_ms = 100, .max_ms = 10000};

	(void)state;
	assert_int_equal(backoff_next_ms(&b, 0), 100);
	backoff_reset(&b);
	assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 300);
	backoff_reset(&b);
	assert_int_equal(backoff_next_ms(&b, UINT32_MAX / 2), 200);
}

static void
grows_to_max_and_stays(void **state)
{
	struct backoff b = {.min_ms = 100, .max_ms = 1000};

	(void)state;
	assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 300);
	assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 900);
	assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 1000);
	assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 1000);
	/* The next range begins at min again: that is what "decorrelated" means. */
	assert_int_equal(backoff_next_ms(&b, 0), 100);
}

static void
reset_starts_over(void **state)
{
	struct backoff b = {.min_ms = 10, .max_ms = 100000};

	(void)state;
	for (int i = 0; i < 5; i++)
		(void)backoff_next_ms(&b, UINT32_MAX);
	assert_int_equal(b.last_ms, 10 * 243);
	backoff_reset(&b);
	assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 30);
}

static void
odd_settings_give_sane_delays(void **state)
{
	struct backoff zero = {.min_ms = 0, .max_ms = 0};
	struct backoff crossed = {.min_ms = 500, .max_ms = 10};
	struct backoff huge = {.min_ms = INT64_MAX / 2, .max_ms = INT64_MAX};

	(void)state;
	assert_int_equal(backoff_next_ms(&zero, UINT32_MAX), 1);
	assert_int_equal(backoff_next_ms(&crossed, UINT32_MAX), 500);
	assert_true(backoff_next_ms(&huge, 0) == INT64_MAX / 2);
	assert_true(
	    backoff_next_ms(&huge, UINT32_MAX) > INT64_MAX - INT64_MAX / 1000000);
	assert_true(backoff_next_ms(&huge, UINT32_MAX) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(first_is_from_min_to_three_times_min),
	    cmocka_unit_test(grows_to_max_and_stays),
	    cmocka_unit_test(reset_starts_over),
	    cmocka_unit_test(odd_settings_give_sane_delays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
