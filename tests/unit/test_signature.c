/* test_signature.c - which deaths are the same one. */
#include "cmocka_all.h"

#include "signature.h"

#include <stdio.h>
#include <string.h>

static struct reapq_report
report_of(const struct reapq_frame *frames, size_t n)
{
	return (struct reapq_report){.handler = "resize",
	    .outcome = REAPQ_CRASHED,
	    .verdict_name = "signal",
	    .signal = {.number = 11, .name = "SIGSEGV"},
	    .backtrace = frames,
	    .backtrace_count = n};
}

static void
innermost_frames_by_name(void **state)
{
	const struct reapq_frame frames[] = {
	    {.module = "/opt/m/images.so", .offset = 0x10, .function = "scale"},
	    {.module = "/opt/m/images.so", .offset = 0xabc},
	    {.module = "", .offset = 0x7f},
	    {.module = "/opt/m/images.so", .function = "never_seen"},
	};
	struct reapq_report report = report_of(frames, 4);
	char text[SIGNATURE_MAX];

	(void)state;
	signature_make(&report, text);
	assert_string_equal(
	    text, "resize\tsignal\tSIGSEGV\timages.so!scale\timages.so+0xabc\t?+0x7f");
	report.backtrace_count = 1;
	signature_make(&report, text);
	assert_string_equal(text, "resize\tsignal\tSIGSEGV\timages.so!scale");
}

static void
c_library_is_passed_over_at_the_top_only(void **state)
{
	const struct reapq_frame frames[] = {
	    {.module = "/lib/x86_64-linux-gnu/libc.so.6", .offset = 1},
	    {.module = "/lib/libc-2.31.so", .function = "abort"},
	    {.module = "/lib/libpthread.so.0", .function = "raise"},
	    {.module = "/m.so", .function = "check"},
	    {.module = "/lib/x86_64-linux-gnu/libc.so.6", .function = "qsort"},
	    {.module = "/libcurl.so.4", .function = "perform"},
	};
	struct reapq_report report = report_of(frames, 6);
	char text[SIGNATURE_MAX];

	(void)state;
	signature_make(&report, text);
	assert_string_equal(text, "resize\tsignal\tSIGSEGV\tm.so!check\tlibc.so.6!"
				  "qsort\tlibcurl.so.4!perform");
	report.backtrace_count = 3;
	signature_make(&report, text);
	assert_string_equal(text,
	    "resize\tsignal\tSIGSEGV\tlibc.so.6+0x1\tlibc-2.31.so!"
	    "abort\tlibpthread.so.0!raise");
}

static void
runner_ends_it(void **state)
{
	const struct reapq_frame frames[] = {
	    {.module = "/m.so", .function = "f"},
	    {.module = "/usr/libexec/reapq/reapq-runner", .function = "run_handler"},
	    {.module = "/m.so", .function = "g"},
	};
	struct reapq_report report = report_of(frames, 3);
	char text[SIGNATURE_MAX];

	(void)state;
	signature_make(&report, text);
	assert_string_equal(text, "resize\tsignal\tSIGSEGV\tm.so!f");
	report.backtrace = frames + 1;
	report.backtrace_count = 2;
	signature_make(&report, text);
	assert_string_equal(
	    text, "resize\tsignal\tSIGSEGV\treapq-runner!run_handler\tm.so!g");
}

static void
no_signal_and_no_frames(void **state)
{
	struct reapq_report report = report_of(NULL, 0);
	struct signature s;
	char text[SIGNATURE_MAX];

	(void)state;
	report.signal = (struct reapq_signal){0};
	report.verdict_name = "exit";
	signature_make(&report, text);
	assert_string_equal(text, "resize\texit\t");
	signature_parse(text, strlen(text), &s);
	assert_string_equal(s.handler, "resize");
	assert_string_equal(s.verdict, "exit");
	assert_string_equal(s.signal, "");
	assert_int_equal(s.frames_n, 0);
	report.handler = report.verdict_name = NULL;
	signature_make(&report, text);
	assert_string_equal(text, "\t\t");
}

static void
hostile_names_are_cut_and_cleaned(void **state)
{
	char long_name[5000];
	const struct reapq_frame frames[] = {
	    {.module = long_name, .function = long_name},
	    {.module = "/a\tb/c\nd", .function = "x\x1b[2J\ty"},
	    {.module = NULL, .function = ""},
	};
	struct reapq_report report = report_of(frames, 3);
	struct signature s;
	char text[SIGNATURE_MAX];

	(void)state;
	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	report.handler = report.verdict_name = report.signal.name = long_name;
	memset(text, 'T', sizeof text);
	signature_make(&report, text);
	assert_non_null(memchr(text, '\0', sizeof text));
	signature_parse(text, strlen(text), &s);
	assert_int_equal(strlen(s.handler), REAPQ_HANDLER_MAX);
	assert_int_equal(strlen(s.verdict), SIGNATURE_WORD_MAX - 1);
	assert_int_equal(strlen(s.signal), SIGNATURE_WORD_MAX - 1);
	assert_int_equal(s.frames_n, 3);
	assert_int_equal(strlen(s.frames[0]), SIGNATURE_FRAME_MAX - 1);
	assert_string_equal(s.frames[1], "c?d!x?[2J?y");
	assert_string_equal(s.frames[2], "?+0x0");
	/* all at their longest fill it to the last byte */
	const struct reapq_frame longest[] = {frames[0], frames[0], frames[0]};
	report.backtrace = longest;
	signature_make(&report, text);
	assert_int_equal(strlen(text), SIGNATURE_MAX - 1);
}

static void
any_bytes_can_be_read(void **state)
{
	static const char many[] = "h\tv\ts\t1\t2\t3\t4\t5\t6";
	struct signature s;

	(void)state;
	signature_parse("", 0, &s);
	assert_string_equal(s.handler, "");
	assert_int_equal(s.frames_n, 0);
	signature_parse("\0\x01", 2, &s);
	assert_string_equal(s.handler, "??");
	signature_parse(many, sizeof many - 1, &s);
	assert_int_equal(s.frames_n, SIGNATURE_FRAMES);
	assert_string_equal(s.frames[2], "3");
	signature_parse("h\tv\ts\t", 6, &s);
	assert_int_equal(s.frames_n, 0);
}

static void
wanted_but_for_what_is_no_failure(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REAPQ_OUTCOME_COUNT; i++) {
		struct reapq_report report = {.outcome = (enum reapq_outcome)i};

		assert_int_equal(signature_wanted(&report),
		    i != REAPQ_RETURNED && i != REAPQ_CANCELLED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(innermost_frames_by_name),
	    cmocka_unit_test(c_library_is_passed_over_at_the_top_only),
	    cmocka_unit_test(runner_ends_it),
	    cmocka_unit_test(no_signal_and_no_frames),
	    cmocka_unit_test(hostile_names_are_cut_and_cleaned),
	    cmocka_unit_test(any_bytes_can_be_read),
	    cmocka_unit_test(wanted_but_for_what_is_no_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
