/*
 * floor_redis.c - what Redis and hiredis give by themselves: a push and a pop.
 *
 * usage: floor_redis SOCKET N BATCH
 *
 * N times LPUSH and RPOP of 64 bytes, BATCH pairs sent before their answers are read.
 * One JSON object on standard output.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
fail(const char *what, redisContext *c)
{
	fprintf(stderr, "floor_redis: %s: %s\n", what, c != NULL ? c->errstr : "");
	exit(1);
}

static void
answer(redisContext *c, int type)
{
	redisReply *r = NULL;

	if (redisGetReply(c, (void **)&r) != REDIS_OK || r == NULL)
		fail("no answer", c);
	if (r->type != type)
		fail("another answer than expected", c);
	freeReplyObject(r);
}

int
main(int argc, char **argv)
{
	static const char bytes[64] = "0123456789";
	long n = argc == 4 ? atol(argv[2]) : 0, batch = argc == 4 ? atol(argv[3]) : 0;
	redisContext *c;
	double began, took;

	if (n < 1 || batch < 1) {
		fprintf(stderr, "usage: floor_redis SOCKET N BATCH\n");
		return 2;
	}
	c = redisConnectUnix(argv[1]);
	if (c == NULL || c->err)
		fail("cannot connect", c);
	began = now_s();
	for (long i = 0; i < n; i += batch) {
		for (long k = 0; k < batch; k++)
			if (redisAppendCommand(c, "LPUSH bench:floor %b", bytes,
				sizeof(bytes)) != REDIS_OK ||
			    redisAppendCommand(c, "RPOP bench:floor") != REDIS_OK)
				fail("no memory", c);
		for (long k = 0; k < batch; k++) {
			answer(c, REDIS_REPLY_INTEGER);
			answer(c, REDIS_REPLY_STRING);
		}
	}
	took = now_s() - began;
	printf(
	    "{\"what\": \"push+pop\", \"batch\": %ld, \"n\": %ld, \"per_s\": %.1f}\n",
	    batch, n, (double)n / took);
	redisFree(c);
	return 0;
}
