/* backoff.h - delays between tries at something outside, with jitter. Pure. */
#ifndef CORE_BACKOFF_H
#define CORE_BACKOFF_H

#include <stdint.h>

struct backoff {
	int64_t min_ms, max_ms;
	int64_t last_ms; /* 0: the next delay is the first */
};

/*
 * Decorrelated jitter: uniform from min_ms to 3 x the last delay, at most max_ms
 * (Marc Brooker, "Exponential Backoff And Jitter", AWS 2015). rnd: any 32 random
 * bits.
 */
int64_t backoff_next_ms(struct backoff *b, uint32_t rnd);
void backoff_reset(struct backoff *b);

#endif
