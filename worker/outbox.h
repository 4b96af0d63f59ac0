/*
 * outbox.h - finished attempts on their way to Redis, kept until it has said yes.
 *
 * finish.lua is safe to repeat, so what got no answer goes out again for ever. Reports
 * over 256 KiB travel on a connection of their own, so that they do not hold up the
 * small ones.
 */
#ifndef WORKER_OUTBOX_H
#define WORKER_OUTBOX_H

#include <reapq/error.h>
#include <stddef.h>
#include <stdint.h>

struct outbox;
struct conn;

struct outbox_item {
	const char *base; /* of the queue's keys */
	const char *id, *token;
	const char *mode; /* see finish.lua */
	const void *report;
	size_t report_len;
	int64_t retry_delay_ms;
	const void *short_report;
	size_t short_len;
	const char *why;       /* for the dead list; "" */
	const char *signature; /* of a death, see signature.h; "": it was none */
	const void *message;   /* mode M: the task as it shall run next */
	size_t message_len;
};

/* code: finish.lua's answer; -1: refused by Redis, err says why. */
typedef void outbox_fn(int code, const struct reapq_error *err, void *arg);

/* Both conns are borrowed. */
int outbox_new(struct outbox **ret_o, struct conn *small, struct conn *big,
    struct reapq_error *err);
void outbox_free(struct outbox *o);

/* Everything is copied; fn is called once, later. */
int outbox_send(struct outbox *o, const struct outbox_item *item, outbox_fn *fn,
    void *arg, struct reapq_error *err);

/* How many have no answer yet. */
size_t outbox_count(const struct outbox *o);

#endif
