/*
 * json.c - puts values into one JSON object and prints it as one line.
 *
 * Invariants: a key that was put is there, null if it must be; what is printed is
 * always well-formed, whatever bytes a task produced; a line is whole or absent.
 */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "exits.h"
#include "say.h"
#include "text.h"

void
json_start(struct json *j)
{
	*j = (struct json){.object = json_object()};
	j->failed = j->object == NULL;
}

void
json_put(struct json *j, const char *key, json_t *value)
{
	/* Takes value over, and fails for a NULL of either. */
	if (json_object_set_new(j->object, key, value) < 0)
		j->failed = 1;
}

void
json_put_int(struct json *j, const char *key, int64_t value)
{
	json_put(j, key, json_integer(value));
}

/* Valid UTF-8 from any bytes. */
static json_t *
mended(const char *text)
{
	struct buf out = {0};
	size_t len = strlen(text);
	json_t *value = NULL;
	int rc = 0;

	while (len > 0 && rc == 0) {
		size_t n = text_utf8_next(text, len);

		rc = n ? buf_add(&out, text, n) : buf_add(&out, "\xef\xbf\xbd", 3);
		n = n ? n : 1;
		text += n;
		len -= n;
	}
	if (rc == 0)
		value = json_stringn(out.data ? out.data : "", out.len);
	buf_free(&out);
	return value;
}

json_t *
json_text(const char *text)
{
	return text_utf8_valid(text, strlen(text)) ? json_string(text) : mended(text);
}

void
json_put_text(struct json *j, const char *key, const char *text)
{
	json_put(j, key, text ? json_text(text) : json_null());
}

/* RFC 4648, section 4. */
static json_t *
base64(const void *data, size_t len)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = data;
	size_t out_len = (len + 2) / 3 * 4;
	char *out = malloc(out_len + 1);
	char *to = out;
	json_t *value;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i += 3) {
		unsigned left = len - i > 2 ? 3 : (unsigned)(len - i);
		unsigned bits = (unsigned)in[i] << 16 |
				(left > 1 ? (unsigned)in[i + 1] << 8 : 0) |
				(left > 2 ? in[i + 2] : 0);

		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = (char)(left > 1 ? digits[bits >> 6 & 63] : '=');
		*to++ = (char)(left > 2 ? digits[bits & 63] : '=');
	}
	value = json_stringn_nocheck(out, out_len);
	free(out);
	return value;
}

void
json_put_bytes(struct json *j, const char *key, const void *data, size_t len)
{
	char other[64];

	if (!data || text_utf8_valid(data, len)) {
		json_put(j, key, data ? json_stringn(data, len) : json_null());
		return;
	}
	(void)snprintf(other, sizeof other, "%s_base64", key);
	json_put(j, key, json_null());
	json_put(j, other, base64(data, len));
}

void
json_put_time(struct json *j, const char *key, int64_t unix_ms)
{
	json_put(
	    j, key, unix_ms > 0 ? json_real((double)unix_ms / 1000.0) : json_null());
}

int
json_print(struct json *j)
{
	/* 14 digits: a time to the millisecond without binary noise behind it. */
	const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(14);
	int rc = EXITS_OK;

	if (j->failed) {
		say_line("no memory for a JSON object");
		rc = EXITS_REAPQ;
	} else if (json_dumpf(j->object, stdout, flags) < 0 || putchar('\n') == EOF) {
		rc = say_flush();
		rc = rc ? rc : EXITS_REAPQ;
	}
	json_decref(j->object);
	j->object = NULL;
	return rc;
}
