/* test_retry.c - which verdicts are retried, how often, and after how long. */
#include "cmocka_all.h"

#include "names.h"
#include "retry.h"

#include <string.h>

static bool
is_retryable(enum reapq_verdict v)
{
	return v != REAPQ_V_OTHER && v != REAPQ_V_OK && v != REAPQ_V_CANCELLED &&
	       v != REAPQ_V_EXPIRED && v != REAPQ_V_WORKER_LOST &&
	       v != REAPQ_V_VANISHED;
}

static void
default_is_what_another_attempt_could_change(void **state)
{
	uint32_t set = 0, empty = 1;

	(void)state;
	assert_int_equal(retry_parse(NULL, &set, NULL), 0);
	assert_int_equal(retry_parse("", &empty, NULL), 0);
	assert_int_equal(set, empty);
	for (unsigned i = 0; i < REAPQ_VERDICT_COUNT; i++) {
		enum reapq_verdict v = (enum reapq_verdict)i;

		assert_int_equal((set >> i) & 1, is_retryable(v));
		assert_int_equal(retry_wanted(set, v, 1, 2), is_retryable(v));
	}
}

static void
lists(void **state)
{
	uint32_t set = 0;

	(void)state;
	assert_int_equal(retry_parse("signal", &set, NULL), 0);
	assert_int_equal(set, 1u << REAPQ_V_SIGNAL);
	assert_int_equal(retry_parse("signal,exit,signal", &set, NULL), 0);
	assert_int_equal(set, 1u << REAPQ_V_SIGNAL | 1u << REAPQ_V_EXIT);
	for (unsigned i = 0; i < REAPQ_VERDICT_COUNT; i++) {
		enum reapq_verdict v = (enum reapq_verdict)i;

		assert_int_equal(retry_parse(reapq_verdict_name(v), &set, NULL),
		    is_retryable(v) ? 0 : REAPQ_EINVAL);
		if (is_retryable(v))
			assert_int_equal(set, 1u << i);
	}
}

static void
bad_lists_name_the_word_and_the_choice(void **state)
{
	static const char *const bad[] = {"sigal", "signal,", ",signal", "signal,,exit",
	    "signal, exit", "SIGNAL", "other", "ok", ","};
	struct reapq_error err = REAPQ_ERROR_INIT;
	char longer[300];
	uint32_t set = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(retry_parse(bad[i], &set, &err), REAPQ_EINVAL);
	assert_int_equal(retry_parse("exit,sigal", &set, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "\"sigal\""));
	assert_int_equal(set, 7);
	/* Even then the whole choice is there. */
	memset(longer, 'w', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(retry_parse(longer, &set, &err), REAPQ_EINVAL);
	for (unsigned i = 0; i < REAPQ_VERDICT_COUNT; i++) {
		if (is_retryable((enum reapq_verdict)i))
			assert_non_null(
			    strstr(err.msg, reapq_verdict_name((enum reapq_verdict)i)));
	}
}

static void
attempts_are_counted(void **state)
{
	uint32_t set = 0;

	(void)state;
	assert_int_equal(retry_parse("exit", &set, NULL), 0);
	assert_true(retry_wanted(set, REAPQ_V_EXIT, 1, 3));
	assert_true(retry_wanted(set, REAPQ_V_EXIT, 2, 3));
	assert_false(retry_wanted(set, REAPQ_V_EXIT, 3, 3));
	assert_false(retry_wanted(set, REAPQ_V_EXIT, 4, 3));
	assert_false(retry_wanted(set, REAPQ_V_EXIT, 1, 1));
	assert_false(retry_wanted(set, REAPQ_V_SIGNAL, 1, 3));
	assert_false(retry_wanted(UINT32_MAX, REAPQ_V_OK, 1, 3));
	assert_false(retry_wanted(UINT32_MAX, (enum reapq_verdict)40, 1, 3));
	assert_false(retry_wanted(UINT32_MAX, (enum reapq_verdict) - 1, 1, 3));
}

static void
delay_doubles_with_jitter(void **state)
{
	(void)state;
	assert_int_equal(retry_delay_ms(1000, 1, 0), 500);
	assert_int_equal(retry_delay_ms(1000, 1, UINT32_C(1) << 31), 1000);
	assert_int_equal(retry_delay_ms(1000, 1, UINT32_MAX), 1499);
	assert_int_equal(retry_delay_ms(1000, 2, 0), 1000);
	assert_int_equal(retry_delay_ms(1000, 5, UINT32_C(1) << 31), 16000);
	assert_int_equal(retry_delay_ms(0, 1, 0), 500);
	assert_int_equal(retry_delay_ms(-5, 2, 0), 1000);
	assert_int_equal(retry_delay_ms(1, 1, 0), 1);
}

static void
delay_stops_at_an_hour(void **state)
{
	(void)state;
	assert_int_equal(retry_delay_ms(1000, 13, UINT32_C(1) << 31), 3600000);
	assert_int_equal(retry_delay_ms(1000, INT32_MAX, 0), 1800000);
	assert_int_equal(retry_delay_ms(INT64_MAX, 3, UINT32_MAX), 5399999);
	assert_int_equal(retry_delay_ms(1000, 0, 0), 500);
	assert_int_equal(retry_delay_ms(1000, INT32_MIN, 0), 500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(default_is_what_another_attempt_could_change),
	    cmocka_unit_test(lists),
	    cmocka_unit_test(bad_lists_name_the_word_and_the_choice),
	    cmocka_unit_test(attempts_are_counted),
	    cmocka_unit_test(delay_doubles_with_jitter),
	    cmocka_unit_test(delay_stops_at_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
