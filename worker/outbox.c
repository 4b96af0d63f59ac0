/*
 * outbox.c - owns the count of unacknowledged finishes; the bytes wait in the conns.
 *
 * Never drops one: without an answer the conn sends it again, and an error that Redis
 * gives on purpose (not one of those that pass) goes to the attempt, which logs it.
 */
#include "outbox.h"

#include "conn.h"
#include "error.h"
#include "reply.h"
#include "script.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define BIG_REPORT ((size_t)256 * 1024)

struct letter {
	TAILQ_ENTRY(letter) link;
	struct outbox *o;
	outbox_fn *fn;
	void *arg;
};

struct outbox {
	struct conn *small, *big;
	TAILQ_HEAD(, letter) letters; /* sent, and not answered */
	size_t count;
};

int
outbox_new(struct outbox **ret_o, struct conn *small, struct conn *big,
    struct reapq_error *err)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for the outbox");
	o->small = small;
	o->big = big;
	TAILQ_INIT(&o->letters);
	*ret_o = o;
	return 0;
}

void
outbox_free(struct outbox *o)
{
	struct letter *l;

	if (o == NULL)
		return;
	while ((l = TAILQ_FIRST(&o->letters)) != NULL) {
		TAILQ_REMOVE(&o->letters, l, link);
		conn_forget(o->small, l);
		conn_forget(o->big, l);
		free(l);
	}
	free(o);
}

size_t
outbox_count(const struct outbox *o)
{
	return o->count;
}

static void
on_answer(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct letter *l = arg;
	struct reapq_error why = REAPQ_ERROR_INIT;
	int64_t code = -1;

	if (err == NULL && reply_int(reply, &code, &why) != 0)
		err = &why;
	l->o->count--;
	TAILQ_REMOVE(&l->o->letters, l, link);
	l->fn(err != NULL ? -1 : (int)code, err, l->arg);
	free(l);
}

int
outbox_send(struct outbox *o, const struct outbox_item *item, outbox_fn *fn, void *arg,
    struct reapq_error *err)
{
	char delay[24];
	const char *argv[] = {item->id, item->token, item->mode, item->report, delay,
	    item->short_report, item->why, item->signature, item->message};
	size_t lens[] = {strlen(item->id), strlen(item->token), strlen(item->mode),
	    item->report_len, 0, item->short_len, strlen(item->why),
	    strlen(item->signature), item->message_len};
	struct conn_request req = {.script = &script_finish,
	    .key = item->base,
	    .argc = item->message != NULL ? 9 : 8,
	    .argv = argv,
	    .argv_len = lens,
	    .flags = CONN_RESEND | CONN_INSIST,
	    .fn = on_answer};
	struct letter *l = malloc(sizeof(*l));
	int rc;

	if (l == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory to report an attempt");
	lens[4] = (size_t)snprintf(
	    delay, sizeof(delay), "%lld", (long long)item->retry_delay_ms);
	*l = (struct letter){.o = o, .fn = fn, .arg = arg};
	req.arg = l;
	rc = conn_send(
	    item->report_len + item->message_len > BIG_REPORT ? o->big : o->small, &req,
	    err);
	if (rc != 0) {
		free(l);
		return rc;
	}
	TAILQ_INSERT_TAIL(&o->letters, l, link);
	o->count++;
	return 0;
}
