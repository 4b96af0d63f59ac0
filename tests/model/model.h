/*
 * model.h - the seed and the random numbers of a model test.
 *
 * A test is main(): model_seed() first, then rounds of random operations on the real
 * thing and on the model, with MODEL_CHECK() between. A failure prints the seed to
 * run it with again.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t model_start, model_state;

/* splitmix64: prng.di.unimi.it/splitmix64.c */
static inline uint64_t
model_u64(void)
{
	uint64_t z = model_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* From 0 to n - 1. */
static inline uint64_t
model_below(uint64_t n)
{
	return model_u64() % n;
}

/* From the first argument, $REAPQ_SEED or the clock. */
static inline void
model_seed(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : getenv("REAPQ_SEED");
	struct timespec ts = {.tv_sec = 0};

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	model_start = text && *text ? strtoull(text, NULL, 0)
				    : (uint64_t)ts.tv_sec * 1000000000u +
					  (uint64_t)ts.tv_nsec + (uint64_t)getpid();
	model_state = model_start;
	printf("seed %llu\n", (unsigned long long)model_start);
	fflush(stdout);
}

_Noreturn static inline void
model_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not true: %s (REAPQ_SEED=%llu)\n", file, line, what,
	    (unsigned long long)model_start);
	exit(1);
}

#define MODEL_CHECK(cond) ((cond) ? (void)0 : model_failed(__FILE__, __LINE__, #cond))

#endif
