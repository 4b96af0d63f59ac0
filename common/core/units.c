/*
 * units.c - durations and sizes as people write and read them.
 *
 * Reading is strict: the whole text, no sign, no blank, no exponent, no locale. A
 * fraction counts to its sixth digit, and the value is rounded up, so that what is
 * above 0 never becomes 0, which elsewhere means "the default".
 */
#include "units.h"
#include "error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_MAX_MS ((int64_t)3650 * 24 * 60 * 60 * 1000)
#define FRACTION 1000000

/* "12.5x": 12, 500,000 millionths, and a pointer to the x. */
struct number {
	int64_t whole;
	int64_t millionths;
	bool has_fraction;
	const char *rest;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
read_number(const char *text, struct number *ret)
{
	struct number n = {.whole = 0};
	int64_t step = FRACTION;

	if (!text || !is_digit(*text))
		return false;
	for (; is_digit(*text); text++) {
		if (n.whole > (INT64_MAX - (*text - '0')) / 10)
			return false;
		n.whole = n.whole * 10 + (*text - '0');
	}
	if (*text == '.') {
		n.has_fraction = true;
		text++;
		if (!is_digit(*text))
			return false;
		for (; is_digit(*text); text++) {
			step /= 10;
			n.millionths += step * (*text - '0');
		}
	}
	n.rest = text;
	*ret = n;
	return true;
}

/* n x unit, rounded up; false if it is over max. unit: at most 2^40. */
static bool
scale(const struct number *n, int64_t unit, int64_t max, int64_t *ret)
{
	int64_t part = (n->millionths * unit + FRACTION - 1) / FRACTION;

	if (part > max || n->whole > (max - part) / unit)
		return false;
	*ret = n->whole * unit + part;
	return true;
}

int
units_duration(const char *text, int64_t *ret_ms, struct reapq_error *err)
{
	static const struct {
		const char *name;
		int64_t ms;
	} names[] = {
	    {"", 1000},
	    {"ms", 1},
	    {"s", 1000},
	    {"m", (int64_t)60 * 1000},
	    {"h", (int64_t)60 * 60 * 1000},
	    {"d", (int64_t)24 * 60 * 60 * 1000},
	};
	struct number n;

	if (!read_number(text, &n))
		goto bad;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(n.rest, names[i].name) != 0)
			continue;
		if (scale(&n, names[i].ms, DURATION_MAX_MS, ret_ms))
			return 0;
		return error_set(err, REAPQ_EINVAL,
		    "\"%.60s\" is too long; a duration is at most 10 years (3650d)",
		    text);
	}
bad:
	return error_set(err, REAPQ_EINVAL,
	    "\"%.60s\" is no duration; write 250ms, 10s, 1.5s, 5m, 1h or 2d",
	    text ? text : "");
}

/* The power of 1024 in "K" "KB" "Ki" "KiB"; -1 if it is none. "" and "B" are 0. */
static int
size_power(const char *unit)
{
	static const char letters[] = "KMGT";
	const char *letter;
	int power = 0;

	if (*unit) {
		/* Lower case too: in a size, m can only be mega. */
		char upper =
		    (char)(*unit >= 'a' && *unit <= 'z' ? *unit - 'a' + 'A' : *unit);

		letter = strchr(letters, upper);
		if (letter) {
			power = (int)(letter - letters) + 1;
			unit++;
			if (*unit == 'i')
				unit++;
		}
	}
	if (*unit == 'B' || *unit == 'b')
		unit++;
	return *unit ? -1 : power;
}

int
units_size(const char *text, int64_t *ret_bytes, struct reapq_error *err)
{
	struct number n;
	int power;

	if (!read_number(text, &n))
		goto bad;
	power = size_power(n.rest);
	if (power < 0 || (power == 0 && n.has_fraction))
		goto bad;
	if (scale(&n, (int64_t)1 << (10 * power), INT64_MAX, ret_bytes))
		return 0;
bad:
	return error_set(err, REAPQ_EINVAL,
	    "\"%.60s\" is no size; write 65536 (bytes), 64K, 512M, 1.5G or 1T",
	    text ? text : "");
}

int
units_count(
    const char *text, int64_t min, int64_t max, int64_t *ret_n, struct reapq_error *err)
{
	const char *digits = text && *text == '-' ? text + 1 : text;
	long long value;
	char *end;

	/* strtoll() would skip blanks and take a plus sign. */
	if (!digits || !is_digit(*digits))
		goto bad;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end || value < min || value > max)
		goto bad;
	*ret_n = value;
	return 0;
bad:
	return error_set(err, REAPQ_EINVAL,
	    "\"%.60s\" is no whole number from %" PRId64 " to %" PRId64,
	    text ? text : "", min, max);
}

const char *
units_format_size(int64_t bytes, char *buf, size_t cap)
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	int64_t tenths = 0;
	size_t i;

	if (bytes < 1024) {
		snprintf(buf, cap, "%" PRId64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return buf;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int64_t unit = (int64_t)1 << (10 * (i + 1));

		tenths = bytes / unit * 10 +
			 (bytes % unit / (unit / 1024) * 10 + 512) / 1024;
		/* 1023.96 KiB is "1 MiB", not "1024 KiB". */
		if (tenths < 10240)
			break;
	}
	if (tenths % 10)
		snprintf(buf, cap, "%" PRId64 ".%" PRId64 " %s", tenths / 10,
		    tenths % 10, names[i]);
	else
		snprintf(buf, cap, "%" PRId64 " %s", tenths / 10, names[i]);
	return buf;
}

static const char *
format_pair(int64_t big, const char *big_name, int64_t small, const char *small_name,
    char *buf, size_t cap)
{
	if (small)
		snprintf(buf, cap, "%" PRId64 " %s %" PRId64 " %s", big, big_name,
		    small, small_name);
	else
		snprintf(buf, cap, "%" PRId64 " %s", big, big_name);
	return buf;
}

/* Hundredths of a second, without zeros at the end: "0.31 s", "0.5 s", "12 s". */
static const char *
format_seconds(int64_t hundredths, char *buf, size_t cap)
{
	int64_t whole = hundredths / 100;
	int64_t part = hundredths % 100;

	if (part % 10)
		snprintf(buf, cap, "%" PRId64 ".%02" PRId64 " s", whole, part);
	else if (part)
		snprintf(buf, cap, "%" PRId64 ".%" PRId64 " s", whole, part / 10);
	else
		snprintf(buf, cap, "%" PRId64 " s", whole);
	return buf;
}

const char *
units_format_ms(int64_t ms, char *buf, size_t cap)
{
	int64_t s, min, h;

	/* Where "0.30 s" would hide a digit that matters, milliseconds. */
	if (ms < 300) {
		snprintf(buf, cap, "%" PRId64 " ms", ms);
		return buf;
	}
	if (ms < 59995)
		return format_seconds((ms + 5) / 10, buf, cap);
	s = ms / 1000 + (ms % 1000 >= 500);
	if (s < 3600)
		return format_pair(s / 60, "min", s % 60, "s", buf, cap);
	min = (s + 30) / 60;
	if (min < (int64_t)24 * 60)
		return format_pair(min / 60, "h", min % 60, "min", buf, cap);
	h = (min + 30) / 60;
	return format_pair(h / 24, "d", h % 24, "h", buf, cap);
}

int
units_factor(const char *text)
{
	size_t whole = strspn(text, "0123456789"), part = 0;
	long n;

	if (whole == 0 || whole > 3)
		return 0;
	n = strtol(text, NULL, 10) * 100;
	text += whole;
	if (*text == '.') {
		part = strspn(++text, "0123456789");
		if (part == 0 || part > 2)
			return 0;
		n += strtol(text, NULL, 10) * (part == 1 ? 10 : 1);
	}
	return strcmp(text + part, "x") == 0 ? (int)n : 0;
}
