/*
 * call_send.c - what a child says to its worker.
 *
 * Apart from call.c, so that reapq-repro, which has no worker, can put its own in place
 * of it. Writes block: the child has nothing else to do.
 */
#include "call.h"

#include <errno.h>
#include <sys/socket.h>

static int
write_full(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
call_send(struct reapq_call *call, enum frame_type type, const void *data, size_t len)
{
	struct frame_header head = {FRAME_MAGIC, (uint32_t)type, (uint32_t)len};
	int rc = write_full(call->chan_fd, &head, sizeof(head));

	return rc != 0 ? rc : write_full(call->chan_fd, data, len);
}
