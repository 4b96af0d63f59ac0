/*
 * frame.c - decodes what a child sends on its channel.
 *
 * The reader holds at most one header and one short text: a child can make the
 * worker keep no more than sizeof(struct frame_reader), whatever it sends. PART
 * bytes are never gathered here. A reader that has met a bad frame stays bad:
 * after that nothing tells where the next frame begins.
 */
#include "frame.h"

#include "check.h"
#include "error.h"

#include <string.h>

/* head_len of a reader that has failed; no header is ever as long. */
#define BROKEN (sizeof(struct frame_header) + 1)

/* By type; a frame's body is at most this long. */
static const uint32_t body_max[FRAME_TYPE_COUNT] = {
    [FRAME_PART] = FRAME_PART_MAX,
    [FRAME_DONE] = 0,
    [FRAME_FAILED] = FRAME_TEXT_MAX,
    [FRAME_LOG] = FRAME_LOG_MAX,
    [FRAME_REFUSED] = FRAME_TEXT_MAX,
    [FRAME_TOO_BIG] = 0,
};

static int
head_check(const struct frame_header *h, struct reapq_error *err)
{
	if (h->magic != FRAME_MAGIC)
		return error_set(err, REAPQ_EPROTO,
		    "the child's channel has 0x%08x where a frame begins, not 0x%08x",
		    (unsigned)h->magic, (unsigned)FRAME_MAGIC);
	if (h->type == 0 || h->type >= FRAME_TYPE_COUNT)
		return error_set(err, REAPQ_EPROTO,
		    "the child sent a frame of type %u; known are 1 to %d",
		    (unsigned)h->type, FRAME_TYPE_COUNT - 1);
	if (h->len > body_max[h->type])
		return error_set(err, REAPQ_EPROTO,
		    "the child sent a frame of type %u with %u bytes; at most %u are "
		    "allowed",
		    (unsigned)h->type, (unsigned)h->len, (unsigned)body_max[h->type]);
	return 0;
}

/* Takes what it can of the header; returns the bytes taken. */
static size_t
feed_head(struct frame_reader *r, const char *data, size_t len)
{
	size_t take = sizeof(r->head) - r->head_len;

	if (take > len)
		take = len;
	memcpy((char *)&r->head + r->head_len, data, take);
	r->head_len += take;
	return take;
}

static size_t
feed_body(struct frame_reader *r, const char *data, size_t len)
{
	size_t take = r->head.len - r->body_len;

	if (take > len)
		take = len;
	if (r->head.type != FRAME_PART && take > 0) {
		CHECK(r->body_len + take <= sizeof(r->text));
		memcpy(r->text + r->body_len, data, take);
	}
	r->body_len += take;
	return take;
}

int
frame_reader_feed(struct frame_reader *r, const void *data, size_t len, frame_fn *fn,
    void *arg, struct reapq_error *err)
{
	const char *at = data;

	if (r->head_len == BROKEN)
		return error_set(
		    err, REAPQ_EPROTO, "the child's channel broke the protocol before");
	while (len > 0) {
		const char *part;
		size_t taken = 0, body;
		int stop = 0;

		if (r->head_len < sizeof(r->head)) {
			taken = feed_head(r, at, len);
			if (r->head_len < sizeof(r->head))
				return 0;
			if (head_check(&r->head, err) < 0) {
				r->head_len = BROKEN;
				return REAPQ_EPROTO;
			}
		}
		part = at + taken;
		body = feed_body(r, part, len - taken);
		at += taken + body;
		len -= taken + body;

		enum frame_type type = (enum frame_type)r->head.type;
		size_t whole = r->body_len;

		/* Ready for the next frame before fn is called: it may stop us. */
		if (whole == r->head.len)
			r->head_len = r->body_len = 0;
		if (type == FRAME_PART && body > 0)
			stop = fn(type, part, body, arg);
		else if (type != FRAME_PART && r->head_len == 0)
			stop = fn(type, r->text, whole, arg);
		if (stop != 0)
			return stop;
	}
	return 0;
}

int
frame_reader_partial(const struct frame_reader *r)
{
	return r->head_len > 0;
}
