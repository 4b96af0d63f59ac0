/*
 * fake.h - something that speaks RESP and answers as the test wants, on the test's
 * own loop.
 */
#ifndef TESTS_CONN_FAKE_H
#define TESTS_CONN_FAKE_H

struct redisReply;
struct fake;

/* The bytes to answer a command with; NULL: none. connection: from 1. */
typedef const char *fake_fn(
    int connection, const struct redisReply *command, void *arg);

struct fake *fake_new(fake_fn *fn, void *arg);
void fake_free(struct fake *f);
const char *fake_url(const struct fake *f);

/* "+OK" to all that a greeting has, INFO as Redis 7.2's; NULL for the rest. */
fake_fn fake_greeting;

#endif
