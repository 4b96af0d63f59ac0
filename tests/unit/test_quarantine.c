/*
 * When a worker keeps itself clear for a suspect: the clock is the test's.
 */
#include "cmocka_all.h"

#include "quarantine.h"

static const struct config config;

static void
test_waits_a_second_for_an_idle_worker(void **state)
{
	struct quarantine q;

	(void)state;
	quarantine_init(&q, &config);
	assert_int_equal(quarantine_reserve_ms(&q, 0, 5000), 0);
	quarantine_answer(&q, 0, QUARANTINE_WAIT, false, 5000);
	assert_int_equal(quarantine_reserve_ms(&q, 0, 5999), 0);
	quarantine_answer(&q, 0, QUARANTINE_WAIT, false, 5999);
	assert_true(quarantine_reserve_ms(&q, 0, 6000) > 0);
	assert_int_equal(quarantine_only(&q), -1);
}

static void
test_told_that_none_wait_it_forgets(void **state)
{
	struct quarantine q;

	(void)state;
	quarantine_init(&q, &config);
	quarantine_answer(&q, 0, QUARANTINE_WAIT, false, 5000);
	quarantine_answer(&q, 0, 0, false, 5500);
	quarantine_answer(&q, 0, QUARANTINE_WAIT, false, 6000);
	assert_int_equal(quarantine_reserve_ms(&q, 0, 6500), 0);
}

static void
test_reserved_it_asks_that_queue_alone(void **state)
{
	struct quarantine q;

	(void)state;
	quarantine_init(&q, &config);
	quarantine_answer(&q, 3, QUARANTINE_WAIT, false, 1);
	quarantine_answer(&q, 1, QUARANTINE_WAIT, false, 1);
	quarantine_answer(&q, 3, QUARANTINE_RESERVED, false, 2000);
	assert_int_equal(quarantine_only(&q), 3);
	assert_true(quarantine_reserve_ms(&q, 3, 2001) > 0);
	assert_int_equal(quarantine_reserve_ms(&q, 1, 2001), 0);
	/* the suspect came, or another worker was idle first */
	quarantine_answer(&q, 3, 0, true, 3000);
	assert_int_equal(quarantine_only(&q), -1);
	assert_int_equal(quarantine_reserve_ms(&q, 3, 3001), 0);
}

/* How long one reservation was kept, from then to the claim that gave it up. */
static int64_t
hold(struct quarantine *q, int64_t *now)
{
	int64_t from;

	while (quarantine_reserve_ms(q, 0, *now) == 0)
		*now += 1000;
	from = *now;
	do {
		quarantine_answer(q, 0, QUARANTINE_RESERVED, false, *now);
		*now += 1000;
	} while (quarantine_reserve_ms(q, 0, *now) > 0);
	assert_int_equal(quarantine_only(q), -1);
	return *now - from;
}

static void
test_neighbours_that_run_on(void **state)
{
	struct quarantine q;
	int64_t now = 1, idle = 0, last = 0;

	(void)state;
	quarantine_init(&q, &config);
	quarantine_answer(&q, 0, QUARANTINE_WAIT, false, now);
	for (int i = 0; i < 8; i++) {
		int64_t held = hold(&q, &now);

		assert_true(held >= 2 * last);
		last = held;
		idle += held;
	}
	/* it rests now, and so it has been idle a fifth of the time at most */
	while (quarantine_reserve_ms(&q, 0, now) == 0)
		now += 1000;
	assert_true(idle <= now / 5 + 8 * 1000);
	/* one that was of use: as at the beginning */
	quarantine_answer(&q, 0, 0, true, now);
	quarantine_answer(&q, 0, QUARANTINE_WAIT, false, now);
	assert_true(hold(&q, &now) <= 11000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_waits_a_second_for_an_idle_worker),
	    cmocka_unit_test(test_told_that_none_wait_it_forgets),
	    cmocka_unit_test(test_reserved_it_asks_that_queue_alone),
	    cmocka_unit_test(test_neighbours_that_run_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
