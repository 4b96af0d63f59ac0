/*
 * buf.c - a growable run of bytes.
 *
 * Invariants: len <= cap; data is NULL exactly while cap is 0. A failed call leaves
 * the buffer as it was. Never shrinks but by buf_take() and buf_free(). Bytes added
 * must not come from the buffer itself, which may move.
 */
#include "buf.h"
#include "check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAP_FIRST 256u

int
buf_reserve(struct buf *b, size_t more)
{
	size_t need, cap;
	char *data;

	CHECK(b->len <= b->cap);
	if (more <= b->cap - b->len)
		return 0;
	/* No object is larger than PTRDIFF_MAX, so that doubling cannot overflow. */
	if (more > (size_t)PTRDIFF_MAX - b->len)
		return REAPQ_ENOMEM;
	need = b->len + more;
	cap = b->cap ? b->cap : CAP_FIRST;
	while (cap < need)
		cap *= 2;
	if (cap > (size_t)PTRDIFF_MAX)
		cap = need;
	data = realloc(b->data, cap);
	if (!data)
		return REAPQ_ENOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

int
buf_add(struct buf *b, const void *data, size_t len)
{
	int rc;

	if (len == 0)
		return 0;
	rc = buf_reserve(b, len);
	if (rc)
		return rc;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

int
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n, rc;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	/* It fails for want of memory, and for more than INT_MAX bytes. */
	if (n < 0)
		return REAPQ_ENOMEM;
	rc = buf_reserve(b, (size_t)n + 1);
	if (rc)
		return rc;
	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

const char *
buf_str(struct buf *b)
{
	if (buf_reserve(b, 1))
		return NULL;
	b->data[b->len] = '\0';
	return b->data;
}

void *
buf_take(struct buf *b, size_t *ret_len)
{
	char *data = b->data;

	if (ret_len)
		*ret_len = b->len;
	if (b->len == 0) {
		free(data);
		data = NULL;
	}
	*b = (struct buf){.data = NULL};
	return data;
}

void
buf_free(struct buf *b)
{
	if (!b)
		return;
	free(b->data);
	*b = (struct buf){.data = NULL};
}
