/*
 * buf.h - a growable run of bytes.
 *
 * A zeroed struct is an empty buffer. Growing doubles, from 256 bytes. The caller
 * bounds what goes in; a buffer itself has no limit.
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <reapq/error.h>
#include <stddef.h>

struct buf {
	char *data; /* NULL while cap is 0; not NUL-terminated */
	size_t len;
	size_t cap;
};

/* 0 or REAPQ_ENOMEM; on failure the buffer is as it was. */
int buf_reserve(struct buf *b, size_t more);
int buf_add(struct buf *b, const void *data, size_t len);
int buf_addf(struct buf *b, const char *fmt, ...) REAPQ_PRINTF(2, 3);
/* The bytes, NUL-terminated (the NUL is not counted in len); NULL: no memory. */
const char *buf_str(struct buf *b);
/* Gives the bytes away (free() them); b is empty after. NULL if it was empty. */
void *buf_take(struct buf *b, size_t *ret_len);
/* Frees; b is empty after and may be used again. */
void buf_free(struct buf *b);

#endif
