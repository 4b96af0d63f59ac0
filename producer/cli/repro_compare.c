/*
 * repro_compare.c - two reports of one task: what it died of there, and here.
 *
 * Verdict, signal and exit status decide, as they are what a task's code is answerable
 * for. The place where it died is named too, but decides nothing: it is not known for
 * every death, and a build with other options inlines other functions.
 */
#include "repro_compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "limit.h"
#include "signature.h"
#include "units.h"

struct text {
	char *buf;
	size_t cap, len;
};

static void add(struct text *t, const char *fmt, ...) REAPQ_PRINTF(2, 3);

static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	t->len += n > 0 ? (size_t)n : 0;
	if (t->len >= t->cap)
		t->len = t->cap - 1;
}

/* Names, not numbers: another machine may count otherwise. */
static const char *
signal_of(const struct reapq_report *r)
{
	return r->signal.number > 0 ? r->signal.name : "";
}

bool
repro_same(const struct reapq_report *there, const struct reapq_report *here)
{
	return strcmp(there->verdict_name, here->verdict_name) == 0 &&
	       strcmp(signal_of(there), signal_of(here)) == 0 &&
	       there->exit_status == here->exit_status;
}

static void
find_place(const struct reapq_report *r, char place[SIGNATURE_FRAME_MAX])
{
	char line[SIGNATURE_MAX];
	struct signature s;

	signature_make(r, line);
	signature_parse(line, strlen(line), &s);
	(void)snprintf(
	    place, SIGNATURE_FRAME_MAX, "%s", s.frames_n > 0 ? s.frames[0] : "");
}

static void
add_death(struct text *t, const struct reapq_report *r, const char *place)
{
	add(t, "%s", r->verdict_name);
	if (r->exit_status > 0)
		add(t, " %d", r->exit_status);
	if (r->signal.number > 0)
		add(t, " %s", signal_of(r));
	if (*place)
		add(t, " in %s", place);
}

void
repro_compare(const struct reapq_report *there, const struct reapq_report *here,
    char *buf, size_t cap)
{
	struct text t = {buf, cap, 0};
	char then[SIGNATURE_FRAME_MAX], now[SIGNATURE_FRAME_MAX];

	find_place(there, then);
	find_place(here, now);
	if (!repro_same(there, here)) {
		add(&t, "differs: ");
		add_death(&t, there, then);
		add(&t, " there, ");
		add_death(&t, here, now);
		add(&t, " here");
	} else if (*then && *now && strcmp(then, now) != 0) {
		add(&t, "the same: ");
		add_death(&t, here, "");
		add(&t, ", but in %s there, in %s here", then, now);
	} else {
		add(&t, "the same: ");
		add_death(&t, here, now);
	}
	if (strcmp(there->isolation, here->isolation) != 0 && *there->isolation &&
	    *here->isolation)
		add(&t, " (isolation %s there, %s here)", there->isolation,
		    here->isolation);
}

static void
add_limit(struct text *t, enum limit_unit unit, int64_t value)
{
	char size[32];

	if (value < 0)
		add(t, "none");
	else if (unit == LIMIT_BYTES)
		add(t, "%s", units_format_size(value, size, sizeof size));
	else
		add(t, "%lld%s", (long long)value, unit == LIMIT_MS ? "ms" : "");
}

void
repro_compare_limits(const struct reapq_limits *there, const struct reapq_limits *here,
    char *buf, size_t cap)
{
	struct text t = {buf, cap, 0};

	*buf = '\0';
	for (int i = 0; i < LIMIT_N; i++) {
		int64_t then = limit_get(there, (enum limit_index)i);
		int64_t now = limit_get(here, (enum limit_index)i);

		if (then == now)
			continue;
		add(&t, "%s%s ", t.len > 0 ? "; " : "", limit_table[i].flag);
		add_limit(&t, limit_table[i].unit, then);
		add(&t, " there, ");
		add_limit(&t, limit_table[i].unit, now);
		add(&t, " here");
	}
}
