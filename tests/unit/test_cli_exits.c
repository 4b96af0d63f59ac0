/* test_cli_exits.c - the exit statuses of `reapq run` and `reapq call`: CLI's table. */
#include "cmocka_all.h"

#include "exits.h"

#include <signal.h>

struct row {
	enum reapq_outcome outcome;
	enum reapq_verdict verdict;
	int exit_status; /* -1: it did not exit */
	int signal;
	int run, call;
};

static const struct row rows[] = {
    {REAPQ_RETURNED, REAPQ_V_OK, 0, 0, 0, 0},
    {REAPQ_RETURNED, REAPQ_V_OK, -1, 0, 0, 0},
    {REAPQ_FAILED, REAPQ_V_ERROR, 0, 0, 126, 1},
    {REAPQ_FAILED, REAPQ_V_EXIT, 3, 0, 3, 1},
    {REAPQ_FAILED, REAPQ_V_EXIT, 124, 0, 124, 1},
    {REAPQ_FAILED, REAPQ_V_EXIT, 255, 0, 255, 1},
    {REAPQ_FAILED, REAPQ_V_EXIT, 0, 0, 126, 1},
    {REAPQ_FAILED, REAPQ_V_RESULT_LIMIT, 0, 0, 126, 1},
    {REAPQ_FAILED, REAPQ_V_NOT_STARTED, -1, 0, 126, 126},
    {REAPQ_FAILED, REAPQ_V_NOT_STARTED, 127, 0, 126, 126},
    {REAPQ_CRASHED, REAPQ_V_SIGNAL, -1, SIGSEGV, 139, 139},
    {REAPQ_CRASHED, REAPQ_V_OOM, -1, SIGKILL, 137, 137},
    {REAPQ_CRASHED, REAPQ_V_MEMORY_LIMIT, -1, SIGKILL, 137, 137},
    {REAPQ_CRASHED, REAPQ_V_MEMORY_LIMIT, 1, 0, 1, 1},
    {REAPQ_CRASHED, REAPQ_V_MEMORY_LIMIT, 0, 0, 126, 126},
    {REAPQ_CRASHED, REAPQ_V_CPU_LIMIT, -1, SIGXCPU, 128 + SIGXCPU, 128 + SIGXCPU},
    {REAPQ_CRASHED, REAPQ_V_FILE_SIZE_LIMIT, -1, SIGXFSZ, 128 + SIGXFSZ, 128 + SIGXFSZ},
    {REAPQ_CRASHED, REAPQ_V_PROCESS_LIMIT, 2, 0, 2, 2},
    {REAPQ_CRASHED, REAPQ_V_TIME_LIMIT, -1, SIGTERM, 124, 124},
    {REAPQ_CRASHED, REAPQ_V_TIME_LIMIT, -1, SIGKILL, 124, 124},
    {REAPQ_CRASHED, REAPQ_V_TIME_LIMIT, 0, 0, 124, 124},
    {REAPQ_LOST, REAPQ_V_WORKER_LOST, -1, 0, 126, 126},
    {REAPQ_LOST, REAPQ_V_VANISHED, -1, 0, 126, 126},
    {REAPQ_CANCELLED, REAPQ_V_CANCELLED, -1, 0, 126, 126},
    {REAPQ_CANCELLED, REAPQ_V_CANCELLED, -1, SIGKILL, 126, 126},
    {REAPQ_EXPIRED, REAPQ_V_EXPIRED, -1, SIGTERM, 126, 126},
    /* From a newer reapq: what can be told, is. */
    {REAPQ_OUTCOME_OTHER, REAPQ_V_OTHER, -1, 0, 126, 126},
    {REAPQ_OUTCOME_OTHER, REAPQ_V_OTHER, -1, SIGABRT, 134, 134},
    {REAPQ_OUTCOME_OTHER, REAPQ_V_OTHER, 7, 0, 7, 7},
};

static void
follows_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct reapq_report report = {.size = sizeof report,
		    .outcome = rows[i].outcome,
		    .verdict = rows[i].verdict,
		    .exit_status = rows[i].exit_status,
		    .signal = {.number = rows[i].signal}};

		assert_int_equal(exits_of_run(&report), rows[i].run);
		assert_int_equal(exits_of_call(&report), rows[i].call);
	}
}

static void
calls_that_fail_are_125_but_for_bad_usage(void **state)
{
	(void)state;
	for (int code = REAPQ_EINVAL; code >= REAPQ_EUNCONFIRMED; code--)
		assert_int_equal(exits_of_error(code), code == REAPQ_EINVAL ? 2 : 125);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_the_table),
	    cmocka_unit_test(calls_that_fail_are_125_but_for_bad_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
