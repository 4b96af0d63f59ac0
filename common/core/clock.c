/*
 * clock.c - the clocks, in milliseconds.
 *
 * Rounds down. clock_gettime(2) fails only for a clock that the kernel does not
 * have; Linux has had these three since 2.6.39, so that a failure is a bug.
 */
#include "clock.h"
#include "check.h"

#include <time.h>

static int64_t
read_ms(clockid_t id)
{
	struct timespec ts = {.tv_sec = 0};

	CHECK(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_mono_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t
clock_boot_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

int64_t
clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}
