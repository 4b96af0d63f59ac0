/*
 * request.h - one request: its bytes as they go out, and who waits for the answer.
 *
 * One allocation holds all of it. A script's request is written as EVALSHA; the
 * struct knows where the part after the script's name begins, so that the same
 * request can be written again with the script's text.
 */
#ifndef REDIS_REQUEST_H
#define REDIS_REQUEST_H

#include "conn.h"
#include <sys/queue.h>

/* A request of the connection's own; NONE: of a caller's. */
enum request_own {
	REQUEST_NONE,
	REQUEST_AUTH,
	REQUEST_SELECT,
	REQUEST_NAME,
	REQUEST_INFO,        /* checks the version */
	REQUEST_INFO_MEMORY, /* last of the greeting: checks for eviction */
	REQUEST_HELLO_PING,  /* last of the greeting */
	REQUEST_PING
};

struct request {
	TAILQ_ENTRY(request) link;
	const struct script *script; /* sent by its SHA-1; NULL: not, or no longer */
	conn_reply_fn *fn;
	void *arg;
	int64_t deadline_ms; /* monotonic; 0: none */
	int timeout_ms;
	enum request_own own;
	bool resend;
	bool insist;
	bool dropped;    /* nobody waits; it only holds its place among the answers */
	int strings;     /* in the whole command */
	size_t head_len; /* bytes up to the script's key count */
	size_t len;
	char bytes[];
};

TAILQ_HEAD(request_list, request);

/* EINVAL, ENOMEM. The deadline is the caller's to set. */
int request_new(
    struct request **ret_r, const struct conn_request *req, struct reapq_error *err);

/* The same as EVAL with the script's text; NULL: no memory. r stays as it is. */
struct request *request_whole(const struct request *r);

void request_free(struct request *r);

#endif
