/* test_names.c - every word of the report, there and back. */
#include "cmocka_all.h"

#include "names.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* As the manual's table has them. */
static const struct {
	const char *verdict, *outcome;
} table[] = {
    {"ok", "returned"},
    {"error", "failed"},
    {"exit", "failed"},
    {"signal", "crashed"},
    {"memory_limit", "crashed"},
    {"oom", "crashed"},
    {"cpu_limit", "crashed"},
    {"time_limit", "crashed"},
    {"file_size_limit", "crashed"},
    {"process_limit", "crashed"},
    {"result_limit", "failed"},
    {"not_started", "failed"},
    {"cancelled", "cancelled"},
    {"expired", "expired"},
    {"worker_lost", "lost"},
    {"vanished", "lost"},
};

static void
verdicts_and_their_outcomes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(table) / sizeof(table[0]), REAPQ_VERDICT_COUNT - 1);
	for (unsigned i = 0; i < REAPQ_VERDICT_COUNT - 1; i++) {
		enum reapq_verdict v =
		    names_verdict(table[i].verdict, strlen(table[i].verdict));

		assert_int_equal(v, i + 1);
		assert_string_equal(reapq_verdict_name(v), table[i].verdict);
		assert_string_equal(
		    reapq_outcome_name(names_outcome_of(v)), table[i].outcome);
	}
	assert_int_equal(names_outcome_of(REAPQ_V_OTHER), REAPQ_OUTCOME_OTHER);
}

static void
outcomes_and_certainties_there_and_back(void **state)
{
	(void)state;
	for (unsigned i = 1; i < REAPQ_OUTCOME_COUNT; i++) {
		const char *name = reapq_outcome_name((enum reapq_outcome)i);

		assert_int_equal(names_outcome(name, strlen(name)), i);
	}
	assert_string_equal(reapq_certainty_name(REAPQ_UNKNOWN), "unknown");
	assert_string_equal(reapq_certainty_name(REAPQ_LIKELY), "likely");
	assert_string_equal(reapq_certainty_name(REAPQ_PROVED), "proved");
	assert_int_equal(names_certainty("unknown", 7), REAPQ_UNKNOWN);
	assert_int_equal(names_certainty("likely", 6), REAPQ_LIKELY);
	assert_int_equal(names_certainty("proved", 6), REAPQ_PROVED);
}

static void
words_of_a_newer_reapq_are_other(void **state)
{
	(void)state;
	assert_int_equal(names_verdict("melted", 6), REAPQ_V_OTHER);
	assert_int_equal(names_verdict("", 0), REAPQ_V_OTHER);
	assert_int_equal(names_verdict(NULL, 0), REAPQ_V_OTHER);
	assert_int_equal(names_verdict("OK", 2), REAPQ_V_OTHER);
	/* By length, not by NUL: neither a prefix nor a longer word. */
	assert_int_equal(names_verdict("oomph", 3), REAPQ_V_OOM);
	assert_int_equal(names_verdict("oom", 2), REAPQ_V_OTHER);
	assert_int_equal(names_verdict("ok\0", 3), REAPQ_V_OTHER);
	assert_int_equal(names_outcome("melted", 6), REAPQ_OUTCOME_OTHER);
	assert_int_equal(names_certainty("sure", 4), REAPQ_UNKNOWN);
}

static void
values_out_of_range_have_names_too(void **state)
{
	(void)state;
	assert_string_equal(reapq_verdict_name((enum reapq_verdict)99), "other");
	assert_string_equal(reapq_outcome_name((enum reapq_outcome)99), "other");
	assert_string_equal(reapq_certainty_name((enum reapq_certainty)99), "unknown");
	assert_string_equal(reapq_verdict_name((enum reapq_verdict) - 1), "other");
	assert_int_equal(names_outcome_of((enum reapq_verdict)99), REAPQ_OUTCOME_OTHER);
}

static void
signals(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(names_signal(SIGKILL), "SIGKILL");
	assert_string_equal(names_signal(SIGSEGV), "SIGSEGV");
	assert_string_equal(names_signal(SIGXCPU), "SIGXCPU");
	assert_string_equal(names_signal(SIGABRT), "SIGABRT");
	assert_string_equal(names_signal(SIGSYS), "SIGSYS");
	assert_string_equal(names_signal(SIGRTMIN), "SIGRTMIN");
	assert_string_equal(names_signal(SIGRTMIN + 3), "SIGRTMIN+3");
	snprintf(text, sizeof(text), "SIGRTMIN+%d", SIGRTMAX - SIGRTMIN);
	assert_string_equal(names_signal(SIGRTMAX), text);
	assert_string_equal(names_signal(99), "signal 99");
	assert_string_equal(names_signal(32), "signal 32");
	assert_string_equal(names_signal(0), "signal 0");
	assert_string_equal(names_signal(INT32_MIN), "signal -2147483648");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verdicts_and_their_outcomes),
	    cmocka_unit_test(outcomes_and_certainties_there_and_back),
	    cmocka_unit_test(words_of_a_newer_reapq_are_other),
	    cmocka_unit_test(values_out_of_range_have_names_too),
	    cmocka_unit_test(signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
