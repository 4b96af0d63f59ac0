/*
 * skim.c - proves that untrusted MessagePack is bounded before it is unpacked.
 *
 * One pass over the bytes with a fixed stack of counters: no recursion and no
 * allocation, so that its own cost is bounded by len and SKIM_NODES_MAX. It never
 * looks into strings and never decides what a message means.
 */
#include "skim.h"

#include "error.h"

#include <stdint.h>

enum kind {
	PLAIN, /* nothing follows but the length given */
	ARRAY,
	MAP,
	RESERVED
};

/* What a first byte says of its object. */
struct shape {
	enum kind kind;
	unsigned count_size; /* bytes of a big-endian count after the first byte */
	unsigned fixed;      /* bytes after that, whatever the count is */
};

/* First bytes 0xc0 to 0xdf; the rest hold their count in themselves. */
static const struct shape shapes[32] = {
    {PLAIN, 0, 0},    /* c0 nil */
    {RESERVED, 0, 0}, /* c1 */
    {PLAIN, 0, 0},    /* c2 false */
    {PLAIN, 0, 0},    /* c3 true */
    {PLAIN, 1, 0},    /* c4 bin 8 */
    {PLAIN, 2, 0},    /* c5 bin 16 */
    {PLAIN, 4, 0},    /* c6 bin 32 */
    {PLAIN, 1, 1},    /* c7 ext 8: one more byte, the type */
    {PLAIN, 2, 1},    /* c8 ext 16 */
    {PLAIN, 4, 1},    /* c9 ext 32 */
    {PLAIN, 0, 4},    /* ca float 32 */
    {PLAIN, 0, 8},    /* cb float 64 */
    {PLAIN, 0, 1},    /* cc uint 8 */
    {PLAIN, 0, 2},    /* cd uint 16 */
    {PLAIN, 0, 4},    /* ce uint 32 */
    {PLAIN, 0, 8},    /* cf uint 64 */
    {PLAIN, 0, 1},    /* d0 int 8 */
    {PLAIN, 0, 2},    /* d1 int 16 */
    {PLAIN, 0, 4},    /* d2 int 32 */
    {PLAIN, 0, 8},    /* d3 int 64 */
    {PLAIN, 0, 2},    /* d4 fixext 1 */
    {PLAIN, 0, 3},    /* d5 fixext 2 */
    {PLAIN, 0, 5},    /* d6 fixext 4 */
    {PLAIN, 0, 9},    /* d7 fixext 8 */
    {PLAIN, 0, 17},   /* d8 fixext 16 */
    {PLAIN, 1, 0},    /* d9 str 8 */
    {PLAIN, 2, 0},    /* da str 16 */
    {PLAIN, 4, 0},    /* db str 32 */
    {ARRAY, 2, 0},    /* dc array 16 */
    {ARRAY, 4, 0},    /* dd array 32 */
    {MAP, 2, 0},      /* de map 16 */
    {MAP, 4, 0},      /* df map 32 */
};

/* One object's head: what is inside it, in objects or else in bytes. */
struct head {
	enum kind kind;
	size_t len;        /* of the head itself */
	uint64_t children; /* objects that follow, keys counted */
	uint64_t body_len; /* bytes that follow */
};

/* 0, or -1 if the head itself is cut off. */
static int
read_head(const unsigned char *at, size_t left, struct head *ret_head)
{
	struct head h = {PLAIN, 1, 0, 0};
	unsigned char first = at[0];
	uint64_t count = 0;

	if (first >= 0xc0 && first <= 0xdf) {
		const struct shape *s = &shapes[first - 0xc0];

		if (left < 1 + (size_t)s->count_size)
			return -1;
		for (unsigned i = 0; i < s->count_size; i++)
			count = count << 8 | at[1 + i];
		h.kind = s->kind;
		h.len += s->count_size;
		h.body_len = s->fixed;
	} else if (first >= 0x80 && first <= 0x8f) {
		h.kind = MAP;
		count = first & 0x0fu;
	} else if (first >= 0x90 && first <= 0x9f) {
		h.kind = ARRAY;
		count = first & 0x0fu;
	} else if (first >= 0xa0 && first <= 0xbf) {
		count = first & 0x1fu;
	}
	if (h.kind == MAP)
		h.children = 2 * count;
	else if (h.kind == ARRAY)
		h.children = count;
	else
		h.body_len += count;
	*ret_head = h;
	return 0;
}

static int
truncated(size_t pos, struct reapq_error *err)
{
	return error_set(err, REAPQ_EPROTO,
	    "truncated MessagePack: object at byte %zu is cut off", pos);
}

int
skim_object(const void *data, size_t len, size_t *ret_used, struct reapq_error *err)
{
	const unsigned char *bytes = data;
	uint64_t open[SKIM_DEPTH_MAX]; /* objects still due in each open container */
	size_t depth = 0, nodes = 0, pos = 0;

	for (;;) {
		struct head h;

		if (pos >= len || read_head(bytes + pos, len - pos, &h) < 0)
			return truncated(pos, err);
		if (++nodes > SKIM_NODES_MAX)
			return error_set(err, REAPQ_EPROTO,
			    "more than %d MessagePack objects at byte %zu",
			    SKIM_NODES_MAX, pos);
		if (h.kind == RESERVED)
			return error_set(err, REAPQ_EPROTO,
			    "byte 0xc1, which MessagePack reserves, at byte %zu", pos);
		if (h.kind != PLAIN && depth == SKIM_DEPTH_MAX)
			return error_set(err, REAPQ_EPROTO,
			    "MessagePack nested more than %d deep at byte %zu",
			    SKIM_DEPTH_MAX, pos);
		if (h.body_len > len - pos - h.len)
			return truncated(pos, err);
		/* Every object takes a byte at least, so this many cannot follow. */
		if (h.children > len - pos - h.len)
			return error_set(err, REAPQ_EPROTO,
			    "truncated MessagePack: container at byte %zu declares "
			    "%llu "
			    "objects, %zu bytes are left",
			    pos, (unsigned long long)h.children, len - pos - h.len);
		pos += h.len + (size_t)h.body_len;
		if (h.children > 0) {
			open[depth++] = h.children;
			continue;
		}
		while (depth > 0 && --open[depth - 1] == 0)
			depth--;
		if (depth == 0)
			break;
	}
	if (ret_used)
		*ret_used = pos;
	return 0;
}

int
skim_map(const void *data, size_t len, struct reapq_error *err)
{
	const unsigned char *bytes = data;
	size_t used = 0;
	int r = skim_object(data, len, &used, err);

	if (r < 0)
		return r;
	if ((bytes[0] & 0xf0u) != 0x80 && bytes[0] != 0xde && bytes[0] != 0xdf)
		return error_set(err, REAPQ_EPROTO,
		    "wanted a MessagePack map, got first byte 0x%02x", bytes[0]);
	if (used != len)
		return error_set(err, REAPQ_EPROTO,
		    "%zu bytes after the MessagePack map, which ends at byte %zu",
		    len - used, used);
	return 0;
}
