/*
 * call.c - what comes over the child's channel, and the functions that handlers call.
 * What they send goes through call_send(): the channel (call_send.c), or reapq-repro.
 *
 * Reads and writes block: the child has nothing else to do. It trusts the worker's
 * frames (same build, same machine). It never buffers a result: what a handler writes
 * leaves at once, so that the child's memory is the handler's own.
 */
#include "call.h"

#include "check.h"
#include "clock.h"
#include "crash.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int
read_full(int fd, void *data, size_t len)
{
	char *p = data;

	while (len > 0) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
call_receive(struct reapq_call *call, int chan_fd)
{
	int rc;

	memset(call, 0, sizeof(*call));
	call->chan_fd = chan_fd;
	if ((rc = read_full(chan_fd, &call->head, sizeof(call->head))) != 0)
		return rc;
	CHECK(call->head.magic == FRAME_MAGIC);
	call->strings = malloc((size_t)call->head.strings_len + 1);
	if (call->strings == NULL)
		return -ENOMEM;
	if ((rc = read_full(chan_fd, call->strings, call->head.strings_len)) != 0)
		return rc;
	call->strings[call->head.strings_len] = '\0';
	call->id = call->strings;
	call->queue = call->id + strlen(call->id) + 1;
	call->handler = call->queue + strlen(call->queue) + 1;
	call->cwd = call->handler + strlen(call->handler) + 1;
	call->deadline_ms = call->head.time_left_ms < 0
				? -1
				: clock_mono_ms() + call->head.time_left_ms;
	if (call->head.argc > 0)
		return 0;
	call->payload = malloc((size_t)call->head.payload_len + 1);
	if (call->payload == NULL)
		return -ENOMEM;
	rc = read_full(chan_fd, call->payload, (size_t)call->head.payload_len);
	call->payload[call->head.payload_len] = '\0';
	return rc;
}

int
call_payload_to_stdin(struct reapq_call *call)
{
	char chunk[65536];
	uint64_t left = call->head.payload_len;
	int fd, rc;

	if (left == 0)
		return 0;
	fd = memfd_create("stdin", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (left > 0) {
		size_t n = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);
		ssize_t done;

		if ((rc = read_full(call->chan_fd, chunk, n)) != 0)
			return rc < 0 ? rc : -EPIPE;
		for (size_t off = 0; off < n; off += (size_t)done)
			if ((done = write(fd, chunk + off, n - off)) < 0)
				return -errno;
		left -= n;
	}
	if (lseek(fd, 0, SEEK_SET) < 0 || dup2(fd, STDIN_FILENO) < 0)
		return -errno;
	close(fd);
	return 0;
}

char *
call_after_cwd(struct reapq_call *call)
{
	return call->strings + (call->cwd - call->strings) + strlen(call->cwd) + 1;
}

const char *
reapq_call_id(const struct reapq_call *call)
{
	return call->id;
}

const char *
reapq_call_handler(const struct reapq_call *call)
{
	return call->handler;
}

int
reapq_call_attempt(const struct reapq_call *call)
{
	return call->head.attempt;
}

const void *
reapq_call_payload(const struct reapq_call *call, size_t *ret_len)
{
	if (ret_len != NULL)
		*ret_len = (size_t)call->head.payload_len;
	return call->payload;
}

int64_t
reapq_call_time_left_ms(const struct reapq_call *call)
{
	int64_t left;

	if (call->deadline_ms < 0)
		return -1;
	left = call->deadline_ms - clock_mono_ms();
	return left > 0 ? left : 0;
}

int
reapq_call_write(struct reapq_call *call, const void *data, size_t len)
{
	const char *p = data;

	if (call->too_big || len > (uint64_t)call->head.limits.result - call->written) {
		if (!call->too_big)
			(void)call_send(call, FRAME_TOO_BIG, "", 0);
		call->too_big = 1;
		return REAPQ_ETOOBIG;
	}
	call->written += len;
	while (len > 0) {
		size_t n = len < FRAME_PART_MAX ? len : FRAME_PART_MAX;

		if (call_send(call, FRAME_PART, p, n) != 0)
			return REAPQ_ESYS;
		p += n;
		len -= n;
	}
	return 0;
}

void
reapq_call_error(struct reapq_call *call, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(call->error, sizeof(call->error), fmt, ap);
	va_end(ap);
}

void
reapq_call_log(struct reapq_call *call, const char *fmt, ...)
{
	char line[FRAME_LOG_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(line))
		n = (int)sizeof(line) - 1;
	(void)call_send(call, FRAME_LOG, line, (size_t)n);
}

void
reapq_call_note(struct reapq_call *call, const char *fmt, ...)
{
	va_list ap;

	(void)call;
	va_start(ap, fmt);
	crash_note(fmt, ap);
	va_end(ap);
}
