/*
 * reply.h - typed reads from what Redis answered. Never indexes blind.
 *
 * A struct redisReply is lent for the length of the callback that gets it. Every
 * function here is EPROTO when the reply has another type; msg says which was found.
 */
#ifndef REDIS_REPLY_H
#define REDIS_REPLY_H

#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redisReply;

/* An integer, or a string that is one. */
int reply_int(const struct redisReply *r, int64_t *ret_n, struct reapq_error *err);
/* A string or status; lent, not NUL-terminated by promise. */
int reply_str(const struct redisReply *r, const char **ret_s, size_t *ret_len,
    struct reapq_error *err);
/* The number of elements of an array. */
int reply_array(const struct redisReply *r, size_t *ret_n, struct reapq_error *err);
/* Element i of an array, NULL if there is none. */
const struct redisReply *reply_at(const struct redisReply *r, size_t i);
bool reply_is_nil(const struct redisReply *r);
bool reply_is_error(const struct redisReply *r);

/* What an error reply asks for, by its first word (docs/protocol.md has the table). */
enum reply_class {
	REPLY_FINE,      /* no error */
	REPLY_NOSCRIPT,  /* send the text */
	REPLY_WAIT,      /* LOADING, BUSY, TRYAGAIN, NOREPLICAS, MISCONF, CLUSTERDOWN:
			    the same connection, later */
	REPLY_RECONNECT, /* READONLY, MASTERDOWN, UNBLOCKED: this is not the master */
	REPLY_FULL,      /* OOM: no memory in Redis */
	REPLY_DENIED,    /* NOPERM, NOAUTH: sent again only by those that insist */
	REPLY_FAILED     /* the rest: a bug or the configuration; not sent again */
};
enum reply_class reply_classify(const struct redisReply *r);

/* An error reply's text as msg, made fit for one line, with code EFULL or EREDIS.
 * Returns the code. */
int reply_error(const struct redisReply *r, struct reapq_error *err);

#endif
