/* lines.h - lines of input as they come, however they are cut by read(2). */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* Zeroed but for fd and max_len, it is at the start of the input. */
struct lines {
	int fd;
	int64_t max_len; /* of one line */
	struct buf data;
	size_t from, seen; /* in data: not given out yet; known to hold no newline */
	int64_t count;     /* lines given out */
	bool ended;
};

/*
 * One read(2), which may block unless the descriptor is readable. At the end of the
 * input, ended is set. ESYS, ENOMEM, ETOOBIG for a line over max_len.
 */
int lines_read(struct lines *l, struct reapq_error *err);

/*
 * The next whole line without its newline, lent until lines_read(). What follows
 * the last newline of the input is a line too. false: read more, or it is the end.
 */
bool lines_next(struct lines *l, const char **ret_line, size_t *ret_len);

void lines_free(struct lines *l);

#endif
