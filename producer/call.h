/*
 * call.h - requests that a function waits for: ask any number, then call_wait().
 *
 * A call and its asks live on the caller's stack or heap until call_wait() has
 * returned; each ask is answered or timed out by then. The first failure in the order
 * of asking is the call's.
 */
#ifndef PRODUCER_CALL_H
#define PRODUCER_CALL_H

#include "conn.h"
#include <reapq/producer.h>
#include <stddef.h>

/* 0, or a code with *err set. The reply is lent. */
typedef int call_parse_fn(
    const struct redisReply *reply, void *arg, struct reapq_error *err);

struct call {
	struct reapq_client *client;
	size_t open; /* asks without an answer */
	size_t asked;
	size_t failed; /* the number of the first ask that failed, from 1; 0: none */
	struct reapq_error err;
};

struct call_ask {
	struct call *call;
	size_t number;
	call_parse_fn *parse;
	void *arg;
	int code; /* of this ask */
};

void call_init(struct call *call, struct reapq_client *client);

/* Sends on cmd with CONN_RESEND and the client's call timeout; script NULL: argv is a
 * command. A failure to send counts as the ask's answer. */
void call_ask(struct call *call, struct call_ask *ask, const struct script *script,
    const char *key, int argc, const char *const *argv);

/* For requests that are sent otherwise: the ask is counted; call_answer() ends it. */
void call_begin(struct call *call, struct call_ask *ask);
void call_answer(
    const struct redisReply *reply, const struct reapq_error *err, void *ask);

/* Runs the loop until all are answered. */
int call_wait(struct call *call, struct reapq_error *err);

#endif
