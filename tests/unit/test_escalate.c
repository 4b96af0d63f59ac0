/*
 * How much more memory a task gets that had too little.
 */
#include "cmocka_all.h"

#include "escalate.h"

#define MIB ((int64_t)1024 * 1024)

static int64_t
after(const struct wire_task *task, enum reapq_verdict verdict, int64_t in_force,
    int64_t ceiling)
{
	int64_t memory = -7;

	return escalate(task, verdict, in_force, ceiling, &memory) ? memory : 0;
}

static void
test_only_for_want_of_memory(void **state)
{
	struct wire_task task = {.oom_factor = 200};

	(void)state;
	for (int v = 0; v < REAPQ_VERDICT_COUNT; v++) {
		bool oom = v == REAPQ_V_MEMORY_LIMIT || v == REAPQ_V_OOM;

		assert_int_equal(
		    after(&task, (enum reapq_verdict)v, MIB, -1), oom ? 2 * MIB : 0);
	}
}

static void
test_factor_and_step(void **state)
{
	struct wire_task factor = {.oom_factor = 150}, step = {.oom_step = 5};
	struct wire_task none = {0};

	(void)state;
	assert_int_equal(after(&factor, REAPQ_V_OOM, 1001, -1), 1501);
	assert_int_equal(after(&step, REAPQ_V_OOM, 1001, -1), 1006);
	assert_int_equal(after(&none, REAPQ_V_OOM, 1001, -1), 0);
}

static void
test_up_to_the_ceiling(void **state)
{
	struct wire_task task = {.oom_factor = 200};

	(void)state;
	assert_int_equal(after(&task, REAPQ_V_OOM, 3 * MIB, 4 * MIB), 4 * MIB);
	assert_int_equal(after(&task, REAPQ_V_OOM, 4 * MIB, 4 * MIB), 0);
	assert_int_equal(after(&task, REAPQ_V_OOM, REAPQ_UNLIMITED, 4 * MIB), 0);
	assert_int_equal(after(&task, REAPQ_V_OOM, MIB, 0), 2 * MIB);
}

static void
test_not_for_ever(void **state)
{
	struct wire_task task = {.oom_step = 1, .oom_raised = ESCALATE_MAX - 1};

	(void)state;
	assert_int_equal(after(&task, REAPQ_V_OOM, MIB, -1), MIB + 1);
	task.oom_raised++;
	assert_int_equal(after(&task, REAPQ_V_OOM, MIB, -1), 0);
}

static void
test_no_number_overflows(void **state)
{
	struct wire_task factor = {.oom_factor = INT32_MAX};
	struct wire_task step = {.oom_step = INT64_MAX};

	(void)state;
	assert_int_equal(after(&factor, REAPQ_V_OOM, INT64_MAX - 1, -1), INT64_MAX);
	assert_int_equal(after(&step, REAPQ_V_OOM, INT64_MAX - 1, -1), INT64_MAX);
	assert_int_equal(after(&step, REAPQ_V_OOM, INT64_MAX, -1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_for_want_of_memory),
	    cmocka_unit_test(test_factor_and_step),
	    cmocka_unit_test(test_up_to_the_ceiling),
	    cmocka_unit_test(test_not_for_ever),
	    cmocka_unit_test(test_no_number_overflows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
