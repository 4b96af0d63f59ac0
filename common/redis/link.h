/*
 * link.h - one socket to Redis and the parser of its replies; not an event loop.
 *
 * The only user of hiredis's context and reader, and the only place that knows what
 * differs between hiredis 0.14 and 1.x. It uses hiredis's non-blocking context
 * instead of its async one, for three reasons: the async one aborts the process on
 * a reply nobody asked for, so the server could kill us; it frees itself at moments
 * that differ by version; and it copies all that is queued into one buffer, which it
 * moves at each partial write. Writing goes from the requests themselves.
 *
 * A link that failed is good for link_close alone.
 */
#ifndef REDIS_LINK_H
#define REDIS_LINK_H

#include "url.h"
#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct link_parser;
struct redisContext;
struct redisReply;

/* Zeroed: closed. */
struct link {
	struct redisContext *ctx;
	struct link_parser *parser;
};

/* EINVAL if this build cannot do what the URL asks for (TLS). */
int link_check(const struct url *url, struct reapq_error *err);

/* Begins to connect; wait for the socket to be writable, then link_connected. All
 * errors of a link are ECONN (or ENOMEM), with a reason for people as msg. */
int link_open(struct link *l, const struct url *url, struct reapq_error *err);
int link_connected(struct link *l, struct reapq_error *err);
void link_close(struct link *l);
bool link_is_open(const struct link *l);
int link_fd(const struct link *l);

/* Bytes written, perhaps none. */
ssize_t link_write(struct link *l, struct iovec *iov, int n, struct reapq_error *err);

/* Reads once; then take replies until there are none. */
int link_read(struct link *l, struct reapq_error *err);

/* 1: here is one, for freeReplyObject; 0: none. */
int link_reply(struct link *l, struct redisReply **ret_reply, struct reapq_error *err);

#endif
