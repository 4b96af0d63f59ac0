/* test_memory_share.c - how a container that dies as one is divided. */
#include "cmocka_all.h"

#include "memory_share.h"

#define MIB ((int64_t)1 << 20)

static int64_t fatal = -1; /* what the isolation would say */

int64_t
isolation_fatal_limit(const struct isolation *iso)
{
	(void)iso;
	return fatal;
}

static void
shares_leave_room_for_the_worker(void **state)
{
	static const int64_t containers[] = {
	    MIB, 16 * MIB, 64 * MIB, 100 * MIB, 512 * MIB, 8192 * MIB};

	(void)state;
	for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++)
		for (int slots = 1; slots <= 64; slots *= 4) {
			int64_t c = containers[i];
			struct memory_share s = memory_share_of(c, slots);

			assert_true(s.all > 0 && s.all < c);
			assert_true(s.each > 0 && s.each <= s.all);
			/* all slots together fit, where a slot's share is a useful one */
			if (s.all / slots >= 8 * MIB)
				assert_true(s.each * slots <= s.all);
		}
	assert_int_equal(memory_share_of(512 * MIB, 4).all, 448 * MIB);
	assert_int_equal(memory_share_of(512 * MIB, 4).each, 112 * MIB);
}

static void
only_a_container_that_dies_as_one(void **state)
{
	struct config c = {.concurrency = 2, .defaults = {.memory = REAPQ_UNLIMITED}};

	(void)state;
	fatal = -1;
	memory_share_fit(&c, NULL);
	assert_int_equal(c.defaults.memory, REAPQ_UNLIMITED);
	assert_int_equal(c.ceilings.memory, 0);
	fatal = 512 * MIB;
	memory_share_fit(&c, NULL);
	assert_int_equal(c.defaults.memory, 224 * MIB);
	assert_int_equal(c.ceilings.memory, 448 * MIB);
}

static void
what_the_operator_says_stands(void **state)
{
	struct config c = {.concurrency = 2,
	    .memory_given = true,
	    .defaults = {.memory = REAPQ_UNLIMITED},
	    .ceilings = {.memory = 500 * MIB}};

	(void)state;
	fatal = 512 * MIB;
	memory_share_fit(&c, NULL);
	assert_int_equal(c.defaults.memory, REAPQ_UNLIMITED);
	assert_int_equal(c.ceilings.memory, 500 * MIB);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shares_leave_room_for_the_worker),
	    cmocka_unit_test(only_a_container_that_dies_as_one),
	    cmocka_unit_test(what_the_operator_says_stands)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
