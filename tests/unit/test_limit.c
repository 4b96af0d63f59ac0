/* test_limit.c - the table, parsing by it, and which limits are in force. */
#include "cmocka_all.h"

#include "limit.h"

#include <string.h>

static void
table_agrees_with_the_manual(void **state)
{
	static const struct {
		const char *name, *flag;
		int64_t fallback;
	} rows[LIMIT_N] = {
	    {"memory", "memory", REAPQ_UNLIMITED},
	    {"cpu_ms", "cpu-time", REAPQ_UNLIMITED},
	    {"time_ms", "time-limit", REAPQ_UNLIMITED},
	    {"file_size", "file-size", REAPQ_UNLIMITED},
	    {"open_files", "open-files", 1024},
	    {"processes", "processes", REAPQ_UNLIMITED},
	    {"stack", "stack", 8388608},
	    {"core", "core", 0},
	    {"output", "output-limit", 1048576},
	    {"result", "result-limit", 67108864},
	};
	struct reapq_limits fallbacks;

	(void)state;
	memset(&fallbacks, 0x55, sizeof(fallbacks));
	limit_fallbacks(&fallbacks);
	for (unsigned i = 0; i < LIMIT_N; i++) {
		assert_string_equal(limit_table[i].name, rows[i].name);
		assert_string_equal(limit_table[i].flag, rows[i].flag);
		assert_true(limit_table[i].fallback == rows[i].fallback);
		assert_true(
		    limit_get(&fallbacks, (enum limit_index)i) == rows[i].fallback);
		assert_true(strlen(limit_table[i].help) > 0);
	}
}

static void
each_index_is_its_own_field(void **state)
{
	struct reapq_limits l = {.memory = 0};

	(void)state;
	for (unsigned i = 0; i < LIMIT_N; i++)
		limit_set(&l, (enum limit_index)i, 100 + (int64_t)i);
	assert_int_equal(l.memory, 100);
	assert_int_equal(l.cpu_ms, 101);
	assert_int_equal(l.time_ms, 102);
	assert_int_equal(l.file_size, 103);
	assert_int_equal(l.open_files, 104);
	assert_int_equal(l.processes, 105);
	assert_int_equal(l.stack, 106);
	assert_int_equal(l.core, 107);
	assert_int_equal(l.output, 108);
	assert_int_equal(l.result, 109);
	for (unsigned i = 0; i < LIMIT_N; i++)
		assert_int_equal(limit_get(&l, (enum limit_index)i), 100 + i);
}

static void
parses_by_unit(void **state)
{
	int64_t value = 0;

	(void)state;
	assert_int_equal(limit_parse(LIMIT_MEMORY, "64M", &value, NULL), 0);
	assert_int_equal(value, 64 << 20);
	assert_int_equal(limit_parse(LIMIT_CPU, "1.5s", &value, NULL), 0);
	assert_int_equal(value, 1500);
	assert_int_equal(limit_parse(LIMIT_OPEN_FILES, "64", &value, NULL), 0);
	assert_int_equal(value, 64);
	assert_int_equal(limit_parse(LIMIT_CORE, "0", &value, NULL), 0);
	assert_int_equal(value, 0);
	for (unsigned i = 0; i < LIMIT_N; i++) {
		value = 5;
		assert_int_equal(
		    limit_parse((enum limit_index)i, "none", &value, NULL), 0);
		assert_true(value == REAPQ_UNLIMITED);
		value = 5;
		assert_int_equal(
		    limit_parse((enum limit_index)i, "unlimited", &value, NULL), 0);
		assert_true(value == REAPQ_UNLIMITED);
	}
}

static void
bad_text_is_refused(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int64_t value = 5;

	(void)state;
	assert_int_equal(limit_parse(LIMIT_MEMORY, "10s", &value, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "10s"));
	assert_int_equal(limit_parse(LIMIT_TIME, "64K", &value, &err), REAPQ_EINVAL);
	assert_int_equal(
	    limit_parse(LIMIT_PROCESSES, "4K", &value, &err), REAPQ_EINVAL);
	assert_int_equal(
	    limit_parse(LIMIT_PROCESSES, "-1", &value, &err), REAPQ_EINVAL);
	assert_int_equal(
	    limit_parse(LIMIT_PROCESSES, NULL, &value, &err), REAPQ_EINVAL);
	/* 0 would silently be the default. */
	assert_int_equal(limit_parse(LIMIT_MEMORY, "0", &value, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "none"));
	assert_int_equal(limit_parse(LIMIT_TIME, "0ms", &value, &err), REAPQ_EINVAL);
	assert_int_equal(
	    limit_parse(LIMIT_OPEN_FILES, "0", &value, &err), REAPQ_EINVAL);
	assert_int_equal(value, 5);
}

/* What one field becomes. */
static int64_t
in_force(enum limit_index i, int64_t asked, int64_t usual, int64_t ceiling)
{
	struct reapq_limits a = {.memory = 0}, d, c = {.memory = 0}, out;

	limit_fallbacks(&d);
	limit_set(&a, i, asked);
	limit_set(&d, i, usual);
	limit_set(&c, i, ceiling);
	limit_apply(&a, &d, &c, &out);
	return limit_get(&out, i);
}

static void
zeros_give_the_fallbacks(void **state)
{
	struct reapq_limits zero = {.memory = 0}, fallbacks, out;

	(void)state;
	limit_fallbacks(&fallbacks);
	limit_apply(&zero, &fallbacks, &zero, &out);
	assert_memory_equal(&out, &fallbacks, sizeof(out));
	limit_apply(&zero, &zero, &zero, &out);
	assert_memory_equal(&out, &fallbacks, sizeof(out));
	/* In place. */
	limit_apply(&zero, &fallbacks, &zero, &zero);
	assert_memory_equal(&zero, &fallbacks, sizeof(zero));
}

static void
asked_default_and_ceiling(void **state)
{
	(void)state;
	assert_int_equal(in_force(LIMIT_MEMORY, 0, 100, 0), 100);
	assert_int_equal(in_force(LIMIT_MEMORY, 50, 100, 0), 50);
	assert_int_equal(in_force(LIMIT_MEMORY, 500, 100, 0), 500);
	assert_int_equal(in_force(LIMIT_MEMORY, 500, 100, 200), 200);
	assert_int_equal(in_force(LIMIT_MEMORY, 0, 300, 200), 200);
	assert_int_equal(in_force(LIMIT_MEMORY, 200, 100, 200), 200);
	assert_int_equal(in_force(LIMIT_MEMORY, 201, 100, 200), 200);
	assert_int_equal(in_force(LIMIT_MEMORY, -7, 100, 0), 100);
	assert_int_equal(in_force(LIMIT_MEMORY, INT64_MIN, 100, 0), 100);
	assert_int_equal(in_force(LIMIT_MEMORY, INT64_MAX, 100, 200), 200);
}

static void
unlimited_goes_up_to_the_ceiling(void **state)
{
	(void)state;
	assert_true(in_force(LIMIT_TIME, -1, 100, 0) == REAPQ_UNLIMITED);
	assert_true(in_force(LIMIT_TIME, -1, 100, -1) == REAPQ_UNLIMITED);
	assert_int_equal(in_force(LIMIT_TIME, -1, 100, 300), 300);
	assert_true(in_force(LIMIT_TIME, 0, -1, 0) == REAPQ_UNLIMITED);
	assert_int_equal(in_force(LIMIT_TIME, 0, -1, 300), 300);
}

static void
core_may_be_zero_or_unlimited(void **state)
{
	(void)state;
	assert_int_equal(in_force(LIMIT_CORE, 0, 0, 0), 0);
	assert_int_equal(in_force(LIMIT_CORE, 0, 0, 100), 0);
	assert_true(in_force(LIMIT_CORE, -1, 0, 0) == REAPQ_UNLIMITED);
	assert_int_equal(in_force(LIMIT_CORE, -1, 0, 1), 1);
	assert_int_equal(in_force(LIMIT_CORE, 0, 50, 0), 50);
}

static void
output_and_result_are_always_bounded(void **state)
{
	(void)state;
	assert_int_equal(in_force(LIMIT_RESULT, -1, 100, 0), REAPQ_RESULT_MAX);
	assert_int_equal(in_force(LIMIT_RESULT, -1, 100, -1), REAPQ_RESULT_MAX);
	assert_int_equal(in_force(LIMIT_OUTPUT, -1, 100, 0), REAPQ_RESULT_MAX);
	assert_int_equal(in_force(LIMIT_OUTPUT, -1, 100, 500), 500);
	assert_int_equal(in_force(LIMIT_RESULT, 0, -1, 0), REAPQ_RESULT_MAX);
	assert_int_equal(in_force(LIMIT_RESULT, INT64_MAX, 100, 0), REAPQ_RESULT_MAX);
	/* An operator can raise it, by a ceiling or by a default. */
	assert_true(in_force(LIMIT_RESULT, -1, 100, REAPQ_RESULT_MAX * 4) ==
		    REAPQ_RESULT_MAX * 4);
	assert_true(
	    in_force(LIMIT_RESULT, 0, REAPQ_RESULT_MAX * 2, 0) == REAPQ_RESULT_MAX * 2);
}

static void
cpu_time_is_whole_seconds(void **state)
{
	(void)state;
	assert_int_equal(in_force(LIMIT_CPU, 1, -1, 0), 1000);
	assert_int_equal(in_force(LIMIT_CPU, 1000, -1, 0), 1000);
	assert_int_equal(in_force(LIMIT_CPU, 1001, -1, 0), 2000);
	assert_true(in_force(LIMIT_CPU, 0, -1, 0) == REAPQ_UNLIMITED);
	/* Rounded up, but not over the ceiling, unless that leaves nothing. */
	assert_int_equal(in_force(LIMIT_CPU, 1200, -1, 1500), 1000);
	assert_int_equal(in_force(LIMIT_CPU, 9000, -1, 2500), 2000);
	assert_int_equal(in_force(LIMIT_CPU, 9000, -1, 300), 1000);
	assert_true(in_force(LIMIT_CPU, INT64_MAX, -1, 0) == INT64_MAX / 1000 * 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_agrees_with_the_manual),
	    cmocka_unit_test(each_index_is_its_own_field),
	    cmocka_unit_test(parses_by_unit),
	    cmocka_unit_test(bad_text_is_refused),
	    cmocka_unit_test(zeros_give_the_fallbacks),
	    cmocka_unit_test(asked_default_and_ceiling),
	    cmocka_unit_test(unlimited_goes_up_to_the_ceiling),
	    cmocka_unit_test(core_may_be_zero_or_unlimited),
	    cmocka_unit_test(output_and_result_are_always_bounded),
	    cmocka_unit_test(cpu_time_is_whole_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
