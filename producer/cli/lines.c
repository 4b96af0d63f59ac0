/*
 * lines.c - cuts an input into lines without ever waiting for more than it has.
 *
 * Holds at most one incomplete line and one read's worth of whole ones; no byte is
 * looked at twice for a newline, so that a 16 MiB line is not quadratic.
 */
#include "lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "units.h"

enum {
	READ_SIZE = 65536
};

static void
forget(struct lines *l)
{
	if (l->from == 0)
		return;
	memmove(l->data.data, l->data.data + l->from, l->data.len - l->from);
	l->data.len -= l->from;
	l->seen -= l->from;
	l->from = 0;
}

int
lines_read(struct lines *l, struct reapq_error *err)
{
	char size[32];
	ssize_t n;

	if (l->ended)
		return 0;
	forget(l);
	if (l->seen == l->data.len && (int64_t)l->data.len > l->max_len)
		return error_set(err, REAPQ_ETOOBIG,
		    "line %lld of the input is longer than %s, which is the most a "
		    "payload "
		    "may have. Raise --payload-limit",
		    (long long)l->count + 1,
		    units_format_size(l->max_len, size, sizeof size));
	if (buf_reserve(&l->data, READ_SIZE) < 0)
		return error_set(err, REAPQ_ENOMEM, "no memory for the input");
	n = read(l->fd, l->data.data + l->data.len, READ_SIZE);
	if (n > 0)
		l->data.len += (size_t)n;
	else if (n == 0)
		l->ended = true;
	else if (errno != EINTR && errno != EAGAIN)
		return error_sys(err, errno, "cannot read the input");
	return 0;
}

bool
lines_next(struct lines *l, const char **ret_line, size_t *ret_len)
{
	const char *start, *end;
	size_t left = l->data.len - l->seen;

	if (l->data.len == l->from)
		return false;
	start = l->data.data + l->from;
	end = left ? memchr(l->data.data + l->seen, '\n', left) : NULL;
	if (!end && !l->ended) {
		l->seen = l->data.len;
		return false;
	}
	*ret_line = start;
	if (end) {
		*ret_len = (size_t)(end - start);
		l->from += *ret_len + 1;
	} else {
		*ret_len = l->data.len - l->from;
		l->from = l->data.len;
	}
	l->seen = l->from;
	l->count++;
	return true;
}

void
lines_free(struct lines *l)
{
	buf_free(&l->data);
}
