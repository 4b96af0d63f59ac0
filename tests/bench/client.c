/*
 * client.c - a producer that measures: latency, open-loop latency, and futures.
 *
 * usage: bench_client URL QUEUE one     HANDLER BYTES N
 *        bench_client URL QUEUE open    HANDLER BYTES RATE SECONDS
 *        bench_client URL QUEUE futures HANDLER BYTES N
 *        bench_client URL QUEUE death   HANDLER BYTES N
 *
 * one: one task outstanding. open: a task every 1/RATE s, whether earlier ones have ended
 * or not; each is timed from when it was due, so that a stall counts for all that it held
 * up. futures: N at a time; memory each, and how fast they come out as they end. death:
 * from the end that the worker saw (the report's, whole milliseconds) to the wake-up here.
 * One JSON object on standard output; times in microseconds.
 */
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <reapq/producer.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench {
	struct reapq_client *client;
	struct reapq_task task;
	int64_t *us; /* samples */
	size_t n, got;
	int64_t bad; /* ended in another way than expected */
};

static struct reapq_error err = REAPQ_ERROR_INIT;

static void
check(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench_client: %s: %s\n", what, err.msg);
	exit(1);
}

static int64_t
clock_us(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int
ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t
percentile(const struct bench *b, double p)
{
	size_t at = (size_t)((double)b->got * p);

	return b->us[at < b->got ? at : b->got - 1];
}

static void
print(struct bench *b, const char *what, const char *more)
{
	qsort(b->us, b->got, sizeof(*b->us), ascending);
	printf("{\"what\": \"%s\", \"n\": %zu, \"bad\": %" PRId64 ", \"p50\": %" PRId64
	       ", \"p90\": %" PRId64 ", \"p99\": %" PRId64 ", \"p999\": %" PRId64
	       ", \"max\": %" PRId64 "%s}\n",
	    what, b->got, b->bad, percentile(b, .5), percentile(b, .9),
	    percentile(b, .99), percentile(b, .999), b->us[b->got - 1], more);
}

static void
count(struct bench *b, struct reapq_future *f, enum reapq_outcome expected)
{
	b->bad += reapq_future_report(f)->outcome != expected;
}

static void
one(struct bench *b)
{
	while (b->got < b->n) {
		int64_t began = clock_us(CLOCK_MONOTONIC);
		struct reapq_future *f;

		check(reapq_submit(b->client, &b->task, &f, &err), "submit");
		check(reapq_future_wait(f, -1, &err), "wait");
		b->us[b->got++] = clock_us(CLOCK_MONOTONIC) - began;
		count(b, f, REAPQ_RETURNED);
		reapq_future_free(f);
	}
	print(b, "one", "");
}

static void
death(struct bench *b)
{
	while (b->got < b->n) {
		struct reapq_future *f;

		check(reapq_submit(b->client, &b->task, &f, &err), "submit");
		check(reapq_future_wait(f, -1, &err), "wait");
		b->us[b->got++] =
		    clock_us(CLOCK_REALTIME) - reapq_future_report(f)->ended_ms * 1000;
		count(b, f, REAPQ_CRASHED);
		reapq_future_free(f);
	}
	print(b, "death", "");
}

struct due {
	struct bench *bench;
	int64_t at_us;
};

static void
on_done(struct reapq_future *f, void *arg)
{
	struct due *due = arg;
	struct bench *b = due->bench;

	b->us[b->got++] = clock_us(CLOCK_MONOTONIC) - due->at_us;
	count(b, f, REAPQ_RETURNED);
	reapq_future_free(f);
}

/* Answers are taken while the next task is not due. */
static void
process_until(struct bench *b, int64_t at_us, size_t enough)
{
	struct pollfd fd = {.fd = reapq_fd(b->client), .events = POLLIN};

	while (b->got < enough) {
		int64_t left_us = at_us - clock_us(CLOCK_MONOTONIC);
		int own = reapq_timeout_ms(b->client);
		struct timespec t;

		if (left_us <= 0)
			return;
		if (own >= 0 && own * INT64_C(1000) < left_us)
			left_us = own * INT64_C(1000);
		t.tv_sec = left_us / 1000000;
		t.tv_nsec = left_us % 1000000 * 1000;
		(void)ppoll(&fd, 1, &t, NULL);
		check(reapq_process(b->client, &err), "process");
	}
}

static void
open_loop(struct bench *b, double rate)
{
	struct due *due = calloc(b->n, sizeof(*due));
	int64_t began = clock_us(CLOCK_MONOTONIC), late = 0;
	char more[64];

	if (due == NULL)
		exit(1);
	for (size_t i = 0; i < b->n; i++) {
		struct reapq_future *f;

		due[i].bench = b;
		due[i].at_us = began + (int64_t)((double)i * 1e6 / rate);
		process_until(b, due[i].at_us, b->n);
		late += clock_us(CLOCK_MONOTONIC) - due[i].at_us > 1000;
		check(reapq_submit(b->client, &b->task, &f, &err), "submit");
		check(reapq_future_on_done(f, on_done, &due[i], &err), "on_done");
	}
	process_until(b, INT64_MAX, b->n);
	(void)snprintf(more, sizeof(more),
	    ", \"rate\": %.1f, \"submitted_late\": %" PRId64, rate, late);
	print(b, "open", more);
	free(due);
}

static void
futures(struct bench *b)
{
	enum {
		BATCH = 500
	};
	static struct reapq_task tasks[BATCH];
	static struct reapq_future *out[BATCH];
	struct reapq_set *set;
	size_t before = mallinfo2().uordblks, during;
	int64_t began = clock_us(CLOCK_MONOTONIC), submitted, ended;

	check(reapq_set_new(&set, b->client, &err), "set");
	for (size_t i = 0; i < BATCH; i++)
		tasks[i] = b->task;
	for (size_t i = 0; i < b->n; i += BATCH) {
		size_t k = b->n - i < BATCH ? b->n - i : BATCH;

		check(reapq_submit_many(b->client, tasks, k, out, &err), "submit");
		for (size_t j = 0; j < k; j++)
			check(reapq_set_add(set, out[j], &err), "add");
	}
	submitted = clock_us(CLOCK_MONOTONIC);
	during = mallinfo2().uordblks;
	for (size_t i = 0; i < b->n; i++) {
		struct reapq_future *f;

		check(reapq_set_next(set, -1, &f, &err), "next");
		count(b, f, REAPQ_RETURNED);
		reapq_future_free(f);
	}
	ended = clock_us(CLOCK_MONOTONIC);
	reapq_set_free(set);
	printf("{\"what\": \"futures\", \"n\": %zu, \"bad\": %" PRId64
	       ", \"bytes_each\": %.0f, \"submit_per_s\": %.1f, \"all_per_s\": %.1f}\n",
	    b->n, b->bad, (double)(during - before) / (double)b->n,
	    (double)b->n * 1e6 / (double)(submitted - began),
	    (double)b->n * 1e6 / (double)(ended - began));
}

static int
usage(void)
{
	fprintf(stderr,
	    "usage: bench_client URL QUEUE one|futures|death HANDLER BYTES N\n"
	    "       bench_client URL QUEUE open HANDLER BYTES RATE SECONDS\n");
	return 2;
}

int
main(int argc, char **argv)
{
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct bench b = {.task = REAPQ_TASK_INIT};
	bool is_open = argc == 8 && strcmp(argv[3], "open") == 0;
	double rate = is_open ? atof(argv[6]) : 0;

	if ((!is_open && argc != 7) || (is_open && rate <= 0))
		return usage();
	b.task.queue = argv[2];
	b.task.handler = argv[4];
	b.task.payload_len = (size_t)atol(argv[5]);
	b.task.payload = calloc(b.task.payload_len + 1, 1);
	b.n = is_open ? (size_t)(rate * atof(argv[7])) : (size_t)atol(argv[6]);
	b.us = calloc(b.n + 1, sizeof(*b.us));
	if (b.n == 0 || b.us == NULL || b.task.payload == NULL)
		return usage();
	memset((void *)(uintptr_t)b.task.payload, 'x', b.task.payload_len);
	opts.url = argv[1];
	opts.name = "bench";
	check(reapq_client_new(&b.client, &opts, &err), "connect");
	if (is_open)
		open_loop(&b, rate);
	else if (strcmp(argv[3], "one") == 0)
		one(&b);
	else if (strcmp(argv[3], "death") == 0)
		death(&b);
	else if (strcmp(argv[3], "futures") == 0)
		futures(&b);
	else
		return usage();
	reapq_client_free(b.client);
	free(b.us);
	free((void *)(uintptr_t)b.task.payload);
	return b.bad != 0;
}
