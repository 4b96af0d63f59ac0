/* test_cli_unseen.c - what a report admits that nobody saw, tier by tier. */
#include "cmocka_all.h"

#include "unseen.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

struct row {
	const char *tier, *handler;
	enum reapq_verdict verdict;
	enum reapq_certainty certainty;
	int signal;
	const char *code_name;
	int leftovers;
	const char *expected; /* a word of each entry, in order, with spaces between */
};

static const struct row rows[] = {
    /* A plain end has no gaps, whatever the tier. */
    {"D", "exec", REAPQ_V_OK, REAPQ_PROVED, 0, NULL, 0, ""},
    {"C", "exec", REAPQ_V_EXIT, REAPQ_PROVED, 0, NULL, 0, ""},
    {"A", "x", REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED, SIGKILL, NULL, 0, ""},
    {"D", "x", REAPQ_V_TIME_LIMIT, REAPQ_PROVED, SIGKILL, NULL, 0, ""},
    /* A SIGKILL that nobody owns up to. */
    {"D", "x", REAPQ_V_SIGNAL, REAPQ_UNKNOWN, SIGKILL, NULL, 0, "counter sender"},
    {"A0", "x", REAPQ_V_SIGNAL, REAPQ_UNKNOWN, SIGKILL, NULL, 0, "counter sender"},
    {"C", "x", REAPQ_V_SIGNAL, REAPQ_UNKNOWN, SIGKILL, NULL, 0, "chose sender"},
    {"A", "x", REAPQ_V_SIGNAL, REAPQ_UNKNOWN, SIGKILL, NULL, 0, "sender"},
    {"C!", "x", REAPQ_V_OOM, REAPQ_LIKELY, SIGKILL, NULL, 0, "chose"},
    {"B", "x", REAPQ_V_OOM, REAPQ_LIKELY, SIGKILL, NULL, 0, "whose"},
    /* A crash without a record, and one with it. */
    {"A", "exec", REAPQ_V_SIGNAL, REAPQ_PROVED, SIGSEGV, NULL, 0, "command"},
    {"A", "x", REAPQ_V_SIGNAL, REAPQ_PROVED, SIGSEGV, NULL, 0, "record"},
    {"A", "x", REAPQ_V_SIGNAL, REAPQ_PROVED, SIGSEGV, "SEGV_MAPERR", 0, ""},
    {"D", "x", REAPQ_V_OK, REAPQ_PROVED, 0, NULL, 2, "slip"},
    {"A", "x", REAPQ_V_OK, REAPQ_PROVED, 0, NULL, 2, ""},
    {"", "x", REAPQ_V_WORKER_LOST, REAPQ_UNKNOWN, 0, NULL, 0, "silent"},
    {"", "x", REAPQ_V_VANISHED, REAPQ_UNKNOWN, 0, NULL, 0, "gone"},
    /* From a newer worker: what it cannot see is not known here. */
    {"E", "x", REAPQ_V_OOM, REAPQ_LIKELY, SIGKILL, NULL, 0, ""},
};

static const char *const words[] = {"counter of it", "OOM killer chose", "whose limit",
    "who sent", "a command has", "no crash record (", "slip away", "silent",
    "gone from Redis", "functions"};
static const char *const names[] = {"counter", "chose", "whose", "sender", "command",
    "record", "slip", "silent", "gone", "functions"};

static void
name_all(const struct unseen *list, size_t n, char *to, size_t cap)
{
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
			if (strstr(list[i].what, words[k]) != NULL)
				len += (size_t)snprintf(to + len, cap - len, "%s%s",
				    len > 0 ? " " : "", names[k]);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct reapq_report report = {.isolation = row->tier,
		    .handler = row->handler,
		    .verdict = row->verdict,
		    .certainty = row->certainty,
		    .signal = {.number = row->signal, .code_name = row->code_name},
		    .leftover_processes = row->leftovers};
		struct unseen list[UNSEEN_MAX];
		char got[256];
		size_t n = unseen_list(&report, list);

		name_all(list, n, got, sizeof(got));
		if (strcmp(got, row->expected) != 0)
			fail_msg("row %zu: \"%s\", not \"%s\"", i, got, row->expected);
		for (size_t k = 0; k < n; k++)
			assert_true(strlen(list[k].cure) > 10);
	}
}

static void
test_unnamed_frames(void **state)
{
	struct reapq_frame frame[2] = {{.module = "a.so"}, {.module = "b.so"}};
	struct reapq_report report = {.isolation = "A",
	    .handler = "x",
	    .verdict = REAPQ_V_SIGNAL,
	    .certainty = REAPQ_PROVED,
	    .signal = {.number = SIGABRT, .code_name = "SI_TKILL"},
	    .backtrace = frame,
	    .backtrace_count = 2};
	struct unseen list[UNSEEN_MAX];

	(void)state;
	assert_int_equal(unseen_list(&report, list), 1);
	assert_non_null(strstr(list[0].what, "functions"));
	frame[1].function = "main";
	assert_int_equal(unseen_list(&report, list), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows), cmocka_unit_test(test_unnamed_frames)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
