/*
 * log.c - one event, one line, one write(2).
 *
 * Holds the level and nothing else. A line is composed on the stack; it has no
 * control byte but its newline, even where a caller forgot log_quote(). A write that
 * fails is dropped: there is nowhere left to say so. Leaves errno as it was.
 */
#include "log.h"
#include "clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN 4096u
#define QUOTE_MAX_LEN 1024u
#define QUOTE_RING 4u

static enum log_level level_min = LOG_INFO;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

void
log_set_level(enum log_level level)
{
	level_min = level;
}

int
log_level_parse(const char *text)
{
	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
		if (text && strcmp(text, level_names[i]) == 0)
			return i;
	}
	return -1;
}

static size_t
put_time(char *line, size_t cap)
{
	int64_t ms = clock_wall_ms();
	time_t sec = (time_t)(ms / 1000);
	struct tm tm;
	size_t len;

	if (!gmtime_r(&sec, &tm))
		memset(&tm, 0, sizeof(tm));
	len = strftime(line, cap, "%Y-%m-%dT%H:%M:%S", &tm);
	return len +
	       (size_t)snprintf(line + len, cap - len, ".%03dZ", (int)(ms % 1000));
}

/* Ends the line, which a '...' marks as cut, and returns its length. */
static size_t
finish(char *line, size_t len, bool cut)
{
	static const char mark[] = "...";

	if (cut) {
		len = LINE_MAX_LEN - sizeof(mark);
		memcpy(line + len, mark, sizeof(mark) - 1);
		len += sizeof(mark) - 1;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c < 0x20 || c == 0x7f)
			line[i] = '?';
	}
	line[len] = '\n';
	return len + 1;
}

void
log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	int saved = errno;
	size_t len, before;
	bool cut = false;
	va_list ap;
	int n;

	if (level < level_min)
		return;
	len = put_time(line, sizeof(line));
	n = snprintf(line + len, 128, " %-5s %.100s ", level_names[level], event);
	len += (size_t)n;
	before = len;
	va_start(ap, fmt);
	n = vsnprintf(line + len, sizeof(line) - len, fmt, ap);
	va_end(ap);
	if (n > 0) {
		/* The newline takes the place of vsnprintf's NUL. */
		cut = (size_t)n >= sizeof(line) - len;
		len = cut ? sizeof(line) - 1 : len + (size_t)n;
	}
	if (len == before)
		len--;
	len = finish(line, len, cut);
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		;
	errno = saved;
}

/* As many bytes of the value as c takes: at most 4, into out. */
static size_t
escape(unsigned char c, char out[8])
{
	if (c == '"' || c == '\\')
		return (size_t)snprintf(out, 8, "\\%c", c);
	if (c == '\n')
		return (size_t)snprintf(out, 8, "\\n");
	/* Bytes over 0x7f too: in UTF-8 they can hold what a terminal obeys. */
	if (c < 0x20 || c >= 0x7f)
		return (size_t)snprintf(out, 8, "\\x%02x", c);
	out[0] = (char)c;
	return 1;
}

static bool
is_plain(const unsigned char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (p[i] <= ' ' || p[i] >= 0x7f || p[i] == '"' || p[i] == '\\')
			return false;
	}
	return len > 0;
}

const char *
log_quote_bytes(const void *data, size_t len)
{
	static char ring[QUOTE_RING][QUOTE_MAX_LEN];
	static unsigned next;
	const unsigned char *p = data;
	char *out = ring[next++ % QUOTE_RING];
	size_t at = 0;

	if (len < QUOTE_MAX_LEN && is_plain(p, len)) {
		memcpy(out, p, len);
		out[len] = '\0';
		return out;
	}
	out[at++] = '"';
	for (size_t i = 0; i < len; i++) {
		char text[8];
		size_t n = escape(p[i], text);

		if (at + n + sizeof("...\"") > QUOTE_MAX_LEN) {
			memcpy(out + at, "...", 3);
			at += 3;
			break;
		}
		memcpy(out + at, text, n);
		at += n;
	}
	out[at++] = '"';
	out[at] = '\0';
	return out;
}

const char *
log_quote(const char *text)
{
	return log_quote_bytes(text, text ? strlen(text) : 0);
}
