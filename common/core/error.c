/*
 * error.c - fills in struct reapq_error.
 *
 * A message is one line: control bytes in it, which can only come from what it
 * quotes, become '?'. It is composed aside, so that an argument may point into the
 * very error that is being set. Never allocates.
 */
#include "error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MSG_MAX sizeof(((struct reapq_error *)0)->msg)

static const char *const code_names[] = {
    [-REAPQ_OK] = "OK",
    [-REAPQ_EINVAL] = "EINVAL",
    [-REAPQ_ENOMEM] = "ENOMEM",
    [-REAPQ_ESYS] = "ESYS",
    [-REAPQ_ECONN] = "ECONN",
    [-REAPQ_EREDIS] = "EREDIS",
    [-REAPQ_EPROTO] = "EPROTO",
    [-REAPQ_ETOOBIG] = "ETOOBIG",
    [-REAPQ_ETIMEDOUT] = "ETIMEDOUT",
    [-REAPQ_ENOENT] = "ENOENT",
    [-REAPQ_EFULL] = "EFULL",
    [-REAPQ_ETOOLATE] = "ETOOLATE",
    [-REAPQ_ENORESULT] = "ENORESULT",
    [-REAPQ_ENOTDONE] = "ENOTDONE",
    [-REAPQ_EEMPTY] = "EEMPTY",
    [-REAPQ_EFORKED] = "EFORKED",
    [-REAPQ_EDEADLK] = "EDEADLK",
    [-REAPQ_EDRAINING] = "EDRAINING",
    [-REAPQ_EUNCONFIRMED] = "EUNCONFIRMED",
};

#define CODE_COUNT ((int)(sizeof(code_names) / sizeof(code_names[0])))

_Static_assert(sizeof(code_names) / sizeof(code_names[0]) == 1 - REAPQ_EUNCONFIRMED,
    "every enum reapq_code needs its name");

const char *
reapq_code_name(int code)
{
	if (code > 0 || code <= -CODE_COUNT)
		return "EUNKNOWN";
	return code_names[-code];
}

/* A message under way. cut: something did not fit. */
struct draft {
	char text[MSG_MAX];
	size_t len;
	bool cut;
};

static void draft_vadd(struct draft *d, const char *fmt, va_list ap) REAPQ_PRINTF(2, 0);
static void draft_add(struct draft *d, const char *fmt, ...) REAPQ_PRINTF(2, 3);

static void
draft_vadd(struct draft *d, const char *fmt, va_list ap)
{
	size_t room = sizeof(d->text) - d->len;
	int n = vsnprintf(d->text + d->len, room, fmt, ap);

	if (n < 0) {
		d->text[d->len] = '\0';
		d->cut = true;
	} else if ((size_t)n >= room) {
		d->len = sizeof(d->text) - 1;
		d->cut = true;
	} else {
		d->len += (size_t)n;
	}
}

static void
draft_add(struct draft *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	draft_vadd(d, fmt, ap);
	va_end(ap);
}

static void
draft_finish(struct draft *d, struct reapq_error *err)
{
	for (size_t i = 0; i < d->len; i++) {
		unsigned char c = (unsigned char)d->text[i];

		if (c < 0x20 || c == 0x7f)
			d->text[i] = '?';
	}
	if (d->cut) {
		size_t end = sizeof(d->text) - sizeof("...");

		if (end > d->len)
			end = d->len;
		/* Not inside a UTF-8 sequence: half of one would make the log invalid. */
		while (end > 0 && ((unsigned char)d->text[end] & 0xc0) == 0x80)
			end--;
		memcpy(d->text + end, "...", sizeof("..."));
	}
	memcpy(err->msg, d->text, sizeof(err->msg));
}

int
error_set(struct reapq_error *err, int code, const char *fmt, ...)
{
	struct draft d = {.len = 0};
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	draft_vadd(&d, fmt, ap);
	va_end(ap);
	draft_finish(&d, err);
	err->code = code;
	err->sys = 0;
	return code;
}

int
error_sys(struct reapq_error *err, int sys, const char *fmt, ...)
{
	struct draft d = {.len = 0};
	char space[128];
	va_list ap;

	if (!err)
		return REAPQ_ESYS;
	va_start(ap, fmt);
	draft_vadd(&d, fmt, ap);
	va_end(ap);
	draft_add(&d, ": %s", strerror_r(sys, space, sizeof(space)));
	draft_finish(&d, err);
	err->code = REAPQ_ESYS;
	err->sys = sys;
	return REAPQ_ESYS;
}

int
error_wrap(struct reapq_error *err, int code, const char *fmt, ...)
{
	struct draft d = {.len = 0};
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	draft_vadd(&d, fmt, ap);
	va_end(ap);
	/*
	 * A function without an err parameter (buf_add) failed if the codes differ:
	 * what *err holds is then empty, or left from an earlier failure.
	 */
	if (err->code != code) {
		draft_add(&d, ": %s", reapq_code_name(code));
		err->code = code;
		err->sys = 0;
	} else {
		draft_add(&d, ": %s", err->msg);
	}
	draft_finish(&d, err);
	return code;
}
