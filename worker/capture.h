/*
 * capture.h - what is kept of a stream of which too much may come.
 *
 * Of stdout the first bytes are kept, of stderr the last: where a program died is at the
 * end of what it complained. A zeroed struct with a limit is ready; memory grows only
 * with what comes, to at most twice the limit.
 */
#ifndef WORKER_CAPTURE_H
#define WORKER_CAPTURE_H

#include "buf.h"
#include <stdbool.h>

struct capture {
	size_t limit;
	bool keep_last;
	bool truncated; /* bytes were dropped, or there was no memory for them */
	struct buf bytes;
};

void capture_add(struct capture *c, const void *data, size_t len);
/* What is kept; lent until the next call. */
const void *capture_get(struct capture *c, size_t *ret_len);
/* Forgets what was kept, and counts it as truncated. */
void capture_drop(struct capture *c);
void capture_free(struct capture *c);

#endif
