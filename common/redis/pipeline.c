/*
 * pipeline.c - the lists that a connection's requests move through.
 *
 * hello, again, waiting -> sent -> answered. A lost connection turns sent around:
 * into again, in the order in which it was sent, or into doomed.
 *
 * A request that is out can't be taken out of sent, as its reply will come. When its
 * owner goes away or its time is over it is dropped: it holds its place until then.
 */
#include "pipeline.h"
#include "check.h"

void
pipeline_init(struct pipeline *p)
{
	*p = (struct pipeline){0};
	TAILQ_INIT(&p->hello);
	TAILQ_INIT(&p->again);
	TAILQ_INIT(&p->waiting);
	TAILQ_INIT(&p->later);
	TAILQ_INIT(&p->sent);
	TAILQ_INIT(&p->doomed);
}

static bool
counted(const struct request *r)
{
	return r->own == REQUEST_NONE && !r->dropped;
}

void
pipeline_remove(struct pipeline *p, const struct request *r)
{
	p->bytes -= r->len;
	if (counted(r))
		p->count--;
}

static void
add_to(struct pipeline *p, struct request_list *list, struct request *r)
{
	TAILQ_INSERT_TAIL(list, r, link);
	p->bytes += r->len;
	if (counted(r))
		p->count++;
}

static void
delete_from(struct pipeline *p, struct request_list *list, struct request *r)
{
	TAILQ_REMOVE(list, r, link);
	pipeline_remove(p, r);
	request_free(r);
}

static void
delete_all(struct pipeline *p, struct request_list *list)
{
	struct request *r;

	while ((r = TAILQ_FIRST(list)))
		delete_from(p, list, r);
}

void
pipeline_clear(struct pipeline *p)
{
	delete_all(p, &p->hello);
	delete_all(p, &p->again);
	delete_all(p, &p->waiting);
	delete_all(p, &p->later);
	delete_all(p, &p->sent);
	delete_all(p, &p->doomed);
	CHECK(p->bytes == 0 && p->count == 0);
}

void
pipeline_greet(struct pipeline *p, struct request *r)
{
	add_to(p, &p->hello, r);
}

void
pipeline_add(struct pipeline *p, struct request *r)
{
	add_to(p, &p->waiting, r);
}

void
pipeline_again(struct pipeline *p, struct request *r)
{
	add_to(p, &p->again, r);
}

void
pipeline_later(struct pipeline *p, struct request *r)
{
	add_to(p, &p->later, r);
}

void
pipeline_wake(struct pipeline *p)
{
	TAILQ_CONCAT(&p->again, &p->later, link);
}

static struct request *
last_sent(const struct pipeline *p)
{
	return TAILQ_LAST(&p->sent, request_list);
}

int
pipeline_gather(struct pipeline *p, bool up, struct iovec *iov, int max)
{
	struct request_list *const lists[] = {&p->hello, &p->again, &p->waiting};
	size_t usable = up ? 3 : 1;
	struct request *r = last_sent(p);
	int n = 0;

	if (r && p->sent_off < r->len)
		iov[n++] = (struct iovec){r->bytes + p->sent_off, r->len - p->sent_off};
	for (size_t i = 0; i < usable; i++)
		for (r = TAILQ_FIRST(lists[i]); r && n < max; r = TAILQ_NEXT(r, link))
			iov[n++] = (struct iovec){r->bytes, r->len};
	return n;
}

void
pipeline_wrote(struct pipeline *p, size_t n)
{
	struct request_list *const lists[] = {&p->hello, &p->again, &p->waiting};
	struct request *r = last_sent(p);

	for (;;) {
		size_t left = r ? r->len - p->sent_off : 0;
		size_t step = n < left ? n : left;
		size_t i = 0;

		p->sent_off += step;
		n -= step;
		if (n == 0)
			return;
		while (i < 3 && TAILQ_EMPTY(lists[i]))
			i++;
		CHECK(i < 3);
		r = TAILQ_FIRST(lists[i]);
		TAILQ_REMOVE(lists[i], r, link);
		TAILQ_INSERT_TAIL(&p->sent, r, link);
		p->sent_off = 0;
	}
}

struct request *
pipeline_answered(struct pipeline *p)
{
	struct request *r = TAILQ_FIRST(&p->sent);

	/* a reply to half a request is a reply to no request */
	if (!r || (r == last_sent(p) && p->sent_off < r->len))
		return NULL;
	TAILQ_REMOVE(&p->sent, r, link);
	pipeline_remove(p, r);
	return r;
}

void
pipeline_lost(struct pipeline *p)
{
	struct request *r;

	delete_all(p, &p->hello);
	while ((r = TAILQ_FIRST(&p->sent))) {
		if (!counted(r)) {
			delete_from(p, &p->sent, r);
			continue;
		}
		TAILQ_REMOVE(&p->sent, r, link);
		if (r->resend)
			TAILQ_INSERT_TAIL(&p->again, r, link);
		else
			TAILQ_INSERT_TAIL(&p->doomed, r, link);
	}
	/* those were answered before all that is in again */
	TAILQ_CONCAT(&p->later, &p->again, link);
	TAILQ_CONCAT(&p->again, &p->later, link);
	p->sent_off = 0;
}

static int64_t
earlier(int64_t a_ms, int64_t b_ms)
{
	if (a_ms == 0 || b_ms == 0)
		return a_ms + b_ms;
	return a_ms < b_ms ? a_ms : b_ms;
}

int64_t
pipeline_expire(struct pipeline *p, int64_t now_ms)
{
	struct request_list *const lists[] = {&p->again, &p->waiting, &p->later};
	struct request *r, *next;
	int64_t first_ms = 0;

	for (size_t i = 0; i < 3; i++) {
		for (r = TAILQ_FIRST(lists[i]); r; r = next) {
			next = TAILQ_NEXT(r, link);
			if (r->deadline_ms == 0 || r->deadline_ms > now_ms) {
				first_ms = earlier(first_ms, r->deadline_ms);
				continue;
			}
			TAILQ_REMOVE(lists[i], r, link);
			TAILQ_INSERT_TAIL(&p->doomed, r, link);
		}
	}
	TAILQ_FOREACH(r, &p->sent, link)
	if (!r->dropped && r->deadline_ms > now_ms)
		first_ms = earlier(first_ms, r->deadline_ms);
	return first_ms;
}

struct request *
pipeline_doomed(struct pipeline *p)
{
	struct request *r = TAILQ_FIRST(&p->doomed);

	if (r) {
		TAILQ_REMOVE(&p->doomed, r, link);
		pipeline_remove(p, r);
	}
	return r;
}

void
pipeline_drop(struct pipeline *p, struct request *r)
{
	if (counted(r))
		p->count--;
	r->dropped = true;
	r->fn = NULL;
}

void
pipeline_forget(struct pipeline *p, const void *arg)
{
	struct request_list *const lists[] = {
	    &p->again, &p->waiting, &p->later, &p->doomed};
	struct request *r, *next;

	for (size_t i = 0; i < 4; i++) {
		for (r = TAILQ_FIRST(lists[i]); r; r = next) {
			next = TAILQ_NEXT(r, link);
			if (r->arg == arg)
				delete_from(p, lists[i], r);
		}
	}
	TAILQ_FOREACH(r, &p->sent, link)
	if (r->arg == arg && r->own == REQUEST_NONE)
		pipeline_drop(p, r);
}
