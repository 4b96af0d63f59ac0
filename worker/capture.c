/*
 * capture.c - the bounded ends of a stream.
 *
 * keep_last lets the buffer run to twice the limit before the older half goes, so that
 * a flood costs one copy of each byte, not one for each read. Running out of memory
 * costs the bytes, never the task.
 */
#include "capture.h"

#include <string.h>

static void
drop_front(struct capture *c)
{
	size_t excess = c->bytes.len - c->limit;

	memmove(c->bytes.data, c->bytes.data + excess, c->limit);
	c->bytes.len = c->limit;
	c->truncated = true;
}

void
capture_add(struct capture *c, const void *data, size_t len)
{
	const char *p = data;
	size_t room;

	if (!c->keep_last) {
		room = c->limit - c->bytes.len;
		if (len > room) {
			len = room;
			c->truncated = true;
		}
	} else if (len > c->limit) {
		p += len - c->limit;
		len = c->limit;
		c->bytes.len = 0;
		c->truncated = true;
	}
	if (len == 0)
		return;
	if (buf_add(&c->bytes, p, len) != 0) {
		c->truncated = true;
		return;
	}
	if (c->bytes.len > 2 * c->limit)
		drop_front(c);
}

const void *
capture_get(struct capture *c, size_t *ret_len)
{
	if (c->bytes.len > c->limit)
		drop_front(c);
	*ret_len = c->bytes.len;
	return c->bytes.len > 0 ? c->bytes.data : "";
}

void
capture_drop(struct capture *c)
{
	c->truncated = c->truncated || c->bytes.len > 0;
	buf_free(&c->bytes);
}

void
capture_free(struct capture *c)
{
	buf_free(&c->bytes);
}
