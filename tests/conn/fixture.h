/*
 * fixture.h - a loop, a connection and what its requests got, for the conn tests.
 *
 * Nothing here sleeps: a test runs the loop until what it waits for is true. ctest's
 * time limit is what ends a wait for something that never comes.
 */
#ifndef TESTS_CONN_FIXTURE_H
#define TESTS_CONN_FIXTURE_H

#include "conn.h"
#include "reply.h"
#include <event2/event.h>
#include <hiredis/hiredis.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What a state callback was told, so often and last. */
struct states {
	int ups, downs;
	struct reapq_error last;
};

/* What one request got. */
struct got {
	int calls;
	int code;        /* 0: a reply */
	char msg[256];   /* of the error */
	int type;        /* of the reply */
	int64_t n;       /* an integer reply */
	char text[64];   /* a string reply's first bytes */
	size_t text_len; /* all of them */
	int nth;         /* the how manyth callback this was */
};

extern struct event_base *base;
extern int callbacks; /* of all requests so far */

int fixture_setup(void **state);
int fixture_teardown(void **state);

#define WAIT_UNTIL(cond) \
	while (!(cond))  \
	assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0)

/* Runs what is due now, without waiting. */
void turn_loop(int times);

/* Fills in what is 0 in opts; states may be NULL. */
struct conn *connect_to(
    const char *url, const struct conn_options *opts, struct states *states);

conn_reply_fn got_reply;

/* Both end with NULL; flags are the request's. */
void send_command(struct conn *c, struct got *got, unsigned flags, ...);
void send_script(struct conn *c, struct got *got, unsigned flags,
    const struct script *script, const char *key, ...);

/* Sends and waits for the answer. */
struct got ask(struct conn *c, ...);

extern const struct script incr, sadd;

#endif
