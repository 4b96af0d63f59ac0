/*
 * model_retry_backoff.c - what holds for every delay: its bounds, that the bounds
 * only rise, that it spreads over all of them, and which attempts are retried.
 */
#include "model.h"

#include "backoff.h"
#include "names.h"
#include "retry.h"

#define HOUR_MS ((int64_t)60 * 60 * 1000)
#define ROUNDS 2000

/* 1 to 2^62, as many small ones as large ones. */
static int64_t
any_ms(void)
{
	return (int64_t)(model_u64() >> (2 + model_below(62))) + 1;
}

static void
check_backoff(void)
{
	struct backoff b = {.min_ms = any_ms(), .max_ms = any_ms()};
	int64_t cap, last;

	if (b.max_ms < b.min_ms)
		b.max_ms = b.min_ms;
	last = b.min_ms;
	for (int i = 0; i < 20; i++) {
		int64_t delay = backoff_next_ms(&b, (uint32_t)model_u64());

		cap = last > b.max_ms / 3 ? b.max_ms : 3 * last;
		MODEL_CHECK(delay >= b.min_ms);
		MODEL_CHECK(delay <= cap);
		MODEL_CHECK(b.last_ms == delay);
		last = delay;
	}
	backoff_reset(&b);
	cap = b.min_ms > b.max_ms / 3 ? b.max_ms : 3 * b.min_ms;
	MODEL_CHECK(backoff_next_ms(&b, UINT32_MAX) <= cap);
}

/* More random bits never give a shorter delay, so that the spread has no fold. */
static void
check_monotone_in_rnd(void)
{
	uint32_t x = (uint32_t)model_u64(), y = (uint32_t)model_u64();
	uint32_t low = x < y ? x : y, high = x < y ? y : x;
	struct backoff b = {
	    .min_ms = any_ms(), .max_ms = INT64_MAX, .last_ms = any_ms()};
	struct backoff c = b;
	int64_t base = any_ms();
	int failures = (int)model_below(50);

	MODEL_CHECK(backoff_next_ms(&b, low) <= backoff_next_ms(&c, high));
	MODEL_CHECK(retry_delay_ms(base, failures, low) <=
		    retry_delay_ms(base, failures, high));
}

/* The plain way to compute it, without care for speed. */
static int64_t
model_middle(int64_t base_ms, int failures)
{
	int64_t middle = base_ms;

	for (int i = 1; i < failures; i++) {
		if (middle > HOUR_MS / 2)
			return HOUR_MS;
		middle *= 2;
	}
	return middle > HOUR_MS ? HOUR_MS : middle;
}

static void
check_retry_delay(void)
{
	int64_t base = any_ms(), before = 0;

	for (int failures = 1; failures < 80; failures++) {
		uint32_t rnd = (uint32_t)model_u64();
		int64_t middle = model_middle(base, failures);
		int64_t delay = retry_delay_ms(base, failures, rnd);

		MODEL_CHECK(delay >= 1);
		MODEL_CHECK(2 * delay >= middle && 2 * delay <= 3 * middle);
		MODEL_CHECK(retry_delay_ms(base, failures, 0) >= before);
		before = retry_delay_ms(base, failures, 0);
	}
}

/* All of [0.5, 1.5] is used: every tenth of it is hit. */
static void
check_spread(void)
{
	int hits[10] = {0};

	for (int i = 0; i < 4000; i++) {
		int64_t delay = retry_delay_ms(10000, 1, (uint32_t)model_u64());

		hits[(delay - 5000) / 1000]++;
	}
	for (int i = 0; i < 10; i++)
		MODEL_CHECK(hits[i] > 200 && hits[i] < 600);
}

static void
check_wanted(void)
{
	uint32_t any = 0, picked = 0, set = 0;
	char text[400] = "";
	size_t len = 0;
	int attempt = (int)model_below(6), max = (int)model_below(6);

	MODEL_CHECK(retry_parse(NULL, &any, NULL) == 0);
	for (unsigned v = 0; v < REAPQ_VERDICT_COUNT; v++) {
		if (!(any >> v & 1) || model_below(2))
			continue;
		picked |= 1u << v;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
		    len ? "," : "", reapq_verdict_name((enum reapq_verdict)v));
	}
	MODEL_CHECK(retry_parse(text, &set, NULL) == 0);
	MODEL_CHECK(set == (picked ? picked : any));
	for (unsigned v = 0; v < REAPQ_VERDICT_COUNT; v++)
		MODEL_CHECK(retry_wanted(set, (enum reapq_verdict)v, attempt, max) ==
			    ((set >> v & 1) && attempt < max));
}

int
main(int argc, char **argv)
{
	model_seed(argc, argv);
	for (int i = 0; i < ROUNDS; i++) {
		check_backoff();
		check_monotone_in_rnd();
		check_retry_delay();
		check_wanted();
	}
	check_spread();
	return 0;
}
