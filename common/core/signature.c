/*
 * signature.c - one line that is equal for equal deaths.
 *
 * Offsets are those in the module, so that address randomisation does not tell two
 * deaths apart. abort(), assert() and the heap's checks die some frames deep in the C
 * library, at the same place for everybody: the frames of interest are their callers.
 */
#include "signature.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Copies what fits, cut, without control bytes, which separate and move cursors. */
static size_t
put(char *to, size_t cap, const char *text, size_t len)
{
	size_t n = len < cap - 1 ? len : cap - 1;

	memcpy(to, text, n);
	to[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)to[i] < 0x20 || to[i] == 0x7f)
			to[i] = '?';
	return n;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What called the handler is the same for all, and of no interest. */
static bool
in_runner(const struct reapq_frame *frame)
{
	return strcmp(base_name(frame->module ? frame->module : ""), "reapq-runner") ==
	       0;
}

static bool
in_c_library(const struct reapq_frame *frame)
{
	const char *name = base_name(frame->module ? frame->module : "");

	return strncmp(name, "libc.", 5) == 0 || strncmp(name, "libc-", 5) == 0 ||
	       strncmp(name, "libpthread", 10) == 0 || strncmp(name, "ld-", 3) == 0;
}

static size_t
put_frame(char to[SIGNATURE_FRAME_MAX], const struct reapq_frame *frame)
{
	const char *module = base_name(frame->module ? frame->module : "");
	char text[2 * SIGNATURE_FRAME_MAX];

	if (frame->function && *frame->function)
		(void)snprintf(text, sizeof text, "%.*s!%.*s", 64,
		    *module ? module : "?", SIGNATURE_FRAME_MAX, frame->function);
	else
		(void)snprintf(text, sizeof text, "%.*s+0x%" PRIx64, 64,
		    *module ? module : "?", frame->offset);
	return put(to, SIGNATURE_FRAME_MAX, text, strlen(text));
}

bool
signature_wanted(const struct reapq_report *report)
{
	return report->outcome != REAPQ_RETURNED && report->outcome != REAPQ_CANCELLED;
}

void
signature_make(const struct reapq_report *report, char ret_text[SIGNATURE_MAX])
{
	const char *handler = report->handler ? report->handler : "";
	const char *verdict = report->verdict_name ? report->verdict_name : "";
	const char *signal =
	    report->signal.number && report->signal.name ? report->signal.name : "";
	size_t first = 0, len;

	while (
	    first < report->backtrace_count && in_c_library(&report->backtrace[first]))
		first++;
	/* Nothing but the C library: then that is where it was. */
	if (first == report->backtrace_count)
		first = 0;
	len = put(ret_text, REAPQ_HANDLER_MAX + 1, handler, strlen(handler));
	ret_text[len++] = '\t';
	len += put(ret_text + len, SIGNATURE_WORD_MAX, verdict, strlen(verdict));
	ret_text[len++] = '\t';
	len += put(ret_text + len, SIGNATURE_WORD_MAX, signal, strlen(signal));
	for (size_t i = first;
	     i < report->backtrace_count && i < first + SIGNATURE_FRAMES; i++) {
		if (i > first && in_runner(&report->backtrace[i]))
			break;
		ret_text[len++] = '\t';
		len += put_frame(ret_text + len, &report->backtrace[i]);
	}
}

void
signature_parse(const void *data, size_t len, struct signature *ret_signature)
{
	struct signature s = {0};
	const char *at = data;
	size_t field = 0;

	while (len > 0 && field < 3 + SIGNATURE_FRAMES) {
		const char *tab = memchr(at, '\t', len);
		size_t n = tab ? (size_t)(tab - at) : len;

		if (field == 0)
			(void)put(s.handler, sizeof s.handler, at, n);
		else if (field == 1)
			(void)put(s.verdict, sizeof s.verdict, at, n);
		else if (field == 2)
			(void)put(s.signal, sizeof s.signal, at, n);
		else
			(void)put(s.frames[s.frames_n++], SIGNATURE_FRAME_MAX, at, n);
		field++;
		n += tab != NULL;
		at += n;
		len -= n;
	}
	*ret_signature = s;
}
