/* test_cli_repro_compare.c - when two deaths are the same one, and in which words. */
#include "cmocka_all.h"

#include "repro_compare.h"

#include <signal.h>
#include <string.h>

static const struct reapq_frame at_parse = {
    .module = "/usr/lib/f.so", .offset = 16, .function = "parse"};
static const struct reapq_frame at_print = {
    .module = "/usr/lib/f.so", .offset = 32, .function = "print"};

static struct reapq_report
report(enum reapq_verdict verdict, int signal, const char *name, int exit_status)
{
	return (struct reapq_report){.size = sizeof(struct reapq_report),
	    .id = "a",
	    .queue = "default",
	    .handler = "h",
	    .verdict = verdict,
	    .verdict_name = reapq_verdict_name(verdict),
	    .signal = {.number = signal, .name = name, .sender_pid = -1},
	    .exit_status = exit_status,
	    .isolation = "B"};
}

static struct reapq_report
crash(const struct reapq_frame *frame)
{
	struct reapq_report r = report(REAPQ_V_SIGNAL, SIGSEGV, "SIGSEGV", -1);

	r.backtrace = frame;
	r.backtrace_count = frame ? 1 : 0;
	return r;
}

static void
check(const struct reapq_report *there, const struct reapq_report *here, bool same,
    const char *text)
{
	char buf[256];

	assert_int_equal(repro_same(there, here), same);
	repro_compare(there, here, buf, sizeof buf);
	assert_string_equal(buf, text);
}

static void
the_same(void **state)
{
	struct reapq_report exit3 = report(REAPQ_V_EXIT, 0, NULL, 3);
	struct reapq_report crashed = crash(&at_parse);
	struct reapq_report bare = crash(NULL);

	(void)state;
	check(&exit3, &exit3, true, "the same: exit 3");
	check(&crashed, &crashed, true, "the same: signal SIGSEGV in f.so!parse");
	check(&bare, &bare, true, "the same: signal SIGSEGV");
}

/* It is named where it is known, and decides nothing. */
static void
another_place(void **state)
{
	struct reapq_report a = crash(&at_parse), b = crash(&at_print), c = crash(NULL);

	(void)state;
	check(&a, &b, true,
	    "the same: signal SIGSEGV, but in f.so!parse there, in f.so!print here");
	check(&a, &c, true, "the same: signal SIGSEGV");
}

static void
differs(void **state)
{
	struct reapq_report crashed = crash(&at_parse);
	struct reapq_report exit3 = report(REAPQ_V_EXIT, 0, NULL, 3);
	struct reapq_report exit4 = report(REAPQ_V_EXIT, 0, NULL, 4);
	struct reapq_report ok = report(REAPQ_V_OK, 0, NULL, 0);
	struct reapq_report killed = report(REAPQ_V_SIGNAL, SIGABRT, "SIGABRT", -1);

	(void)state;
	check(&crashed, &ok, false,
	    "differs: signal SIGSEGV in f.so!parse there, ok here");
	check(&exit3, &exit4, false, "differs: exit 3 there, exit 4 here");
	check(&crashed, &killed, false,
	    "differs: signal SIGSEGV in f.so!parse there, signal SIGABRT here");
}

/* A machine may count signals in another way: their names are what counts. */
static void
names_of_signals(void **state)
{
	struct reapq_report a = report(REAPQ_V_SIGNAL, 10, "SIGBUS", -1);
	struct reapq_report b = report(REAPQ_V_SIGNAL, 7, "SIGBUS", -1);
	struct reapq_report c = report(REAPQ_V_SIGNAL, 10, "SIGUSR1", -1);

	(void)state;
	check(&a, &b, true, "the same: signal SIGBUS");
	check(&a, &c, false, "differs: signal SIGBUS there, signal SIGUSR1 here");
}

static void
isolation(void **state)
{
	struct reapq_report a = report(REAPQ_V_MEMORY_LIMIT, SIGKILL, "SIGKILL", -1);
	struct reapq_report b = report(REAPQ_V_SIGNAL, SIGKILL, "SIGKILL", -1);
	struct reapq_report lost = report(REAPQ_V_WORKER_LOST, 0, NULL, -1);

	(void)state;
	b.isolation = "D";
	lost.isolation = "";
	check(&a, &b, false,
	    "differs: memory_limit SIGKILL there, signal SIGKILL here (isolation B "
	    "there, D here)");
	check(&lost, &b, false, "differs: worker_lost there, signal SIGKILL here");
}

static void
what_does_not_fit_is_cut(void **state)
{
	struct reapq_report a = crash(&at_parse), b = crash(&at_print);
	char buf[24];

	(void)state;
	repro_compare(&a, &b, buf, sizeof buf);
	assert_string_equal(buf, "the same: signal SIGSEG");
}

static void
limits(void **state)
{
	struct reapq_limits a = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
	struct reapq_limits b = a;
	char buf[256];

	(void)state;
	repro_compare_limits(&a, &b, buf, sizeof buf);
	assert_string_equal(buf, "");
	a.memory = 64 << 20;
	b.time_ms = 1500;
	a.open_files = 77;
	b.open_files = 55;
	repro_compare_limits(&a, &b, buf, sizeof buf);
	assert_string_equal(buf,
	    "memory 64 MiB there, none here; time-limit none there, 1500ms here; "
	    "open-files 77 there, 55 here");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_same),
	    cmocka_unit_test(another_place), cmocka_unit_test(differs),
	    cmocka_unit_test(names_of_signals), cmocka_unit_test(isolation),
	    cmocka_unit_test(what_does_not_fit_is_cut), cmocka_unit_test(limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
