/*
 * frame_trace.h - what a frame_reader told, as text that does not depend on how the
 * bytes were cut: parts of one result are joined. Used by unit, model and fuzz tests.
 */
#ifndef TESTS_FRAME_TRACE_H
#define TESTS_FRAME_TRACE_H

#include "buf.h"
#include "check.h"
#include "frame.h"

#include <string.h>

struct frame_trace {
	struct buf text;   /* one "TYPE:bytes\n" for each event but PART */
	struct buf result; /* all PART bytes */
	size_t parts_bad;  /* PART events without bytes */
	int stop_after;    /* events until the callback says stop; 0: never */
};

static inline int
frame_trace_event(enum frame_type type, const void *data, size_t len, void *arg)
{
	struct frame_trace *t = arg;

	if (type == FRAME_PART) {
		t->parts_bad += len == 0;
		CHECK(buf_add(&t->result, data, len) == 0);
	} else {
		/* Where in the result it came counts too. */
		CHECK(buf_addf(&t->text, "%d@%zu:", (int)type, t->result.len) == 0);
		CHECK(len == 0 || buf_add(&t->text, data, len) == 0);
		CHECK(buf_add(&t->text, "\n", 1) == 0);
	}
	return t->stop_after > 0 && --t->stop_after == 0 ? 7 : 0;
}

static inline int
frame_trace_same(const struct frame_trace *a, const struct frame_trace *b)
{
	return a->text.len == b->text.len && a->result.len == b->result.len &&
	       (a->text.len == 0 ||
		   memcmp(a->text.data, b->text.data, a->text.len) == 0) &&
	       (a->result.len == 0 ||
		   memcmp(a->result.data, b->result.data, a->result.len) == 0);
}

static inline void
frame_trace_free(struct frame_trace *t)
{
	buf_free(&t->text);
	buf_free(&t->result);
}

/* One frame as a child sends it. */
static inline void
frame_trace_send(struct buf *out, uint32_t type, const void *data, size_t len)
{
	struct frame_header h = {FRAME_MAGIC, type, (uint32_t)len};

	CHECK(buf_add(out, &h, sizeof(h)) == 0);
	CHECK(len == 0 || buf_add(out, data, len) == 0);
}

#endif
