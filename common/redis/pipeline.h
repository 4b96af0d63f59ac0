/*
 * pipeline.h - the requests of one connection, from being asked to being answered.
 *
 * Redis answers in the order in which it was asked, so the head of sent is always
 * the request that the next reply belongs to. Nothing here touches a socket, a
 * clock or a callback: conn.c moves requests through these lists and calls back.
 *
 * While callbacks run, only add and forget may be called. Both leave sent's links
 * alone, so a walk along sent may call back.
 */
#ifndef REDIS_PIPELINE_H
#define REDIS_PIPELINE_H

#include "request.h"
#include <sys/uio.h>

struct pipeline {
	struct request_list hello;   /* the greeting; goes out first */
	struct request_list again;   /* was out before; goes out next */
	struct request_list waiting; /* was never out */
	struct request_list later;   /* answered "not now" */
	struct request_list sent;    /* out, in part at least; no reply yet */
	struct request_list doomed;  /* to be called back with an error, now */
	size_t sent_off;             /* bytes out of the last in sent; its len: all */
	size_t count; /* callers' requests in all lists, dropped ones not */
	size_t bytes; /* of all requests */
};

void pipeline_init(struct pipeline *p);
void pipeline_clear(struct pipeline *p);

/* Takes r over. */
void pipeline_greet(struct pipeline *p, struct request *r);
void pipeline_add(struct pipeline *p, struct request *r);
void pipeline_again(struct pipeline *p, struct request *r);
void pipeline_later(struct pipeline *p, struct request *r);

/* later becomes again. */
void pipeline_wake(struct pipeline *p);

/* What to write next, at most max pieces; up: more than the greeting. */
int pipeline_gather(struct pipeline *p, bool up, struct iovec *iov, int max);
/* n bytes of that were written. */
void pipeline_wrote(struct pipeline *p, size_t n);

/* Gives the request that the next reply is for; NULL: none was asked for. */
struct request *pipeline_answered(struct pipeline *p);

/* The connection is gone: what may be repeated is again, the rest is doomed. */
void pipeline_lost(struct pipeline *p);

/* Dooms what is not out and was due by now; the earliest deadline of the rest, out
 * or not, 0 if there is none. */
int64_t pipeline_expire(struct pipeline *p, int64_t now_ms);

/* Gives the next of the doomed, NULL when there are no more. */
struct request *pipeline_doomed(struct pipeline *p);

/* r is out: nobody waits for it any more. */
void pipeline_drop(struct pipeline *p, struct request *r);

void pipeline_forget(struct pipeline *p, const void *arg);

/* r leaves the pipeline for good; not freed. */
void pipeline_remove(struct pipeline *p, const struct request *r);

#endif
