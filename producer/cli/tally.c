/*
 * tally.c - counts how tasks end, and shows it on standard error.
 *
 * On a terminal one line is drawn over at most ten times a second. Elsewhere a line
 * is printed about every tenth of the way; as long as the input goes on, the way is
 * not known, and lines come at 1,000 and then every time half as many again ended.
 */
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "ref.h"

enum {
	FIRST_LINE = 1000
};

void
tally_init(struct tally *t, bool progress)
{
	static const char *const header[] = {
	    "ID", "VERDICT", "CERTAINTY", "MESSAGE", "INPUT"};

	*t = (struct tally){.progress = progress,
	    .live = progress && isatty(STDERR_FILENO),
	    .shared = isatty(STDOUT_FILENO),
	    .begun_ms = clock_mono_ms(),
	    .next_line = FIRST_LINE};
	table_init(&t->bad, "lllll", header);
}

void
tally_add(struct tally *t, const struct reapq_report *report, const char *input)
{
	char name[REF_MAX];

	t->ended++;
	if (report->outcome == REAPQ_RETURNED) {
		t->returned++;
		return;
	}
	if (report->outcome == REAPQ_FAILED)
		t->failed++;
	else if (report->outcome == REAPQ_CRASHED)
		t->crashed++;
	else
		t->other++;
	if (t->ended - t->returned > TALLY_ROWS)
		return;
	table_add(&t->bad,
	    (const char *const[]){ref_format(report->queue, report->id, name),
		report->verdict_name, report->certainty_name, report->message, input});
}

/* One line without its newline; cut where it would not fit on the terminal, as only a
 * line that takes one row can be drawn over. */
static void
print_counts(const struct tally *t, bool fit)
{
	int64_t spent = clock_mono_ms() - t->begun_ms;
	struct winsize size;
	char line[256];

	(void)snprintf(line, sizeof line,
	    "reapq map: %" PRId64 " ended: %" PRId64 " returned, %" PRId64
	    " failed, %" PRId64 " crashed, %" PRId64 " other; %" PRId64
	    " left%s; %" PRId64 "/s",
	    t->ended, t->returned, t->failed, t->crashed, t->other,
	    t->submitted - t->ended, t->complete ? "" : " and more to come",
	    t->ended * 1000 / (spent > 0 ? spent : 1));
	if (fit && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 &&
	    size.ws_col <= sizeof line)
		line[size.ws_col - 1] = '\0';
	(void)fputs(line, stderr);
}

void
tally_show(struct tally *t)
{
	int64_t now = clock_mono_ms();
	int64_t tenth;

	if (!t->progress)
		return;
	if (t->live) {
		if (now - t->drawn_ms < TALLY_TICK_MS)
			return;
		(void)fputs("\r\033[K", stderr);
		print_counts(t, true);
		t->drawn = true;
		t->drawn_ms = now;
		return;
	}
	tenth = t->submitted > 10 ? t->submitted / 10 : 1;
	if (t->complete && t->next_line > t->ended + tenth)
		t->next_line = (t->ended / tenth + 1) * tenth;
	/* The summary has the last line. */
	if (t->ended < t->next_line || (t->complete && t->ended == t->submitted))
		return;
	print_counts(t, false);
	(void)fputc('\n', stderr);
	t->next_line =
	    t->complete ? (t->ended / tenth + 1) * tenth : t->ended + t->ended / 2;
}

void
tally_clear(struct tally *t)
{
	if (!t->drawn)
		return;
	(void)fputs("\r\033[K", stderr);
	t->drawn = false;
}

void
tally_summary(struct tally *t)
{
	int64_t bad = t->ended - t->returned;

	tally_clear(t);
	t->complete = true;
	print_counts(t, false);
	(void)fputc('\n', stderr);
	if (bad == 0)
		return;
	(void)fputc('\n', stderr);
	if (table_print(&t->bad, stderr) < 0)
		(void)fputs("reapq: no memory for the table\n", stderr);
	if (bad > TALLY_ROWS)
		(void)fprintf(stderr, "... and %" PRId64 " more\n", bad - TALLY_ROWS);
}

void
tally_free(struct tally *t)
{
	table_free(&t->bad);
}
