/*
 * backoff.c - decorrelated jitter.
 *
 * Every delay is from min_ms to max_ms, where a min_ms below 1 counts as 1 and a
 * max_ms below min_ms as min_ms. Knows no clock and no random source: both are the
 * caller's.
 */
#include "backoff.h"

/* rnd spread over 0..span. In two steps, because the product has up to 96 bits. */
static uint64_t
scale(uint64_t span, uint32_t rnd)
{
	uint64_t count = span + 1;

	return (count >> 32) * rnd + (((count & UINT32_MAX) * rnd) >> 32);
}

int64_t
backoff_next_ms(struct backoff *b, uint32_t rnd)
{
	int64_t lo = b->min_ms < 1 ? 1 : b->min_ms;
	int64_t cap = b->max_ms < lo ? lo : b->max_ms;
	int64_t last = b->last_ms < lo ? lo : b->last_ms;
	int64_t hi = last > INT64_MAX / 3 ? INT64_MAX : last * 3;
	int64_t delay = lo + (int64_t)scale((uint64_t)(hi - lo), rnd);

	b->last_ms = delay > cap ? cap : delay;
	return b->last_ms;
}

void
backoff_reset(struct backoff *b)
{
	b->last_ms = 0;
}
