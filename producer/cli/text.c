/*
 * text.c - makes any bytes fit for a terminal.
 *
 * Messages, tags, names and captured output come from tasks, other producers and
 * other workers. None of it reaches a terminal with a control character in it,
 * C1 controls included, save through `run`, `call` and `map`, whose purpose is to
 * pass a task's own output on as it is.
 */
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool
is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t
text_utf8_next(const void *data, size_t len)
{
	const unsigned char *s = data;
	size_t n;

	if (len == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
	    : (s[0] & 0xf0) == 0xe0        ? 3
	    : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
					   : 0;
	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (!is_continuation(s[i]))
			return 0;
	/* Overlong forms, surrogates, and what lies above U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

bool
text_utf8_valid(const void *data, size_t len)
{
	const char *s = data;

	while (len > 0) {
		size_t n = text_utf8_next(s, len);

		if (n == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

static int
add_escaped(struct buf *out, unsigned char c)
{
	if (c == '\n')
		return buf_add(out, "\\n", 2);
	if (c == '\t')
		return buf_add(out, "\\t", 2);
	return buf_addf(out, "\\x%02x", (unsigned)c);
}

int
text_clean(struct buf *out, const void *data, size_t len)
{
	const unsigned char *s = data;
	int rc = 0;

	while (len > 0 && rc == 0) {
		size_t n = text_utf8_next(s, len);
		bool control = n == 1 ? s[0] < 0x20 || s[0] == 0x7f
				      : n == 2 && s[0] == 0xc2 && s[1] < 0xa0;

		if (n == 0 || control) {
			n = n == 0 ? 1 : n;
			for (size_t i = 0; i < n && rc == 0; i++)
				rc = add_escaped(out, s[i]);
		} else {
			rc = buf_add(out, s, n);
		}
		s += n;
		len -= n;
	}
	return rc;
}

size_t
text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += !is_continuation((unsigned char)*text);
	return width;
}

const char *
text_time(int64_t unix_ms, char buf[TEXT_TIME_MAX])
{
	time_t seconds = (time_t)(unix_ms / 1000);
	char day[24], zone[8];
	struct tm tm;

	if (unix_ms <= 0 || !localtime_r(&seconds, &tm)) {
		(void)snprintf(buf, TEXT_TIME_MAX, "-");
		return buf;
	}
	if (strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		day[0] = '\0';
	if (strftime(zone, sizeof zone, "%z", &tm) == 0)
		zone[0] = '\0';
	(void)snprintf(
	    buf, TEXT_TIME_MAX, "%s.%03d %s", day, (int)(unix_ms % 1000), zone);
	return buf;
}
