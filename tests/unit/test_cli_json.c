/* test_cli_json.c - reports as JSON: every field, whatever the task wrote. */
#include "cmocka_all.h"

#include "json.h"

#include <stdlib.h>
#include <string.h>

/* CLI's table of fields, and nothing else. */
static const char *const fields[] = {"id", "queue", "handler", "tag", "outcome",
    "verdict", "certainty", "message", "evidence", "result", "stdout", "stderr",
    "stdout_truncated", "stderr_truncated", "exit_status", "signal", "core_dumped",
    "backtrace", "limits", "usage", "attempt", "max_attempts", "attempts", "worker",
    "host", "pid", "isolation", "hardening", "leftover_processes", "submitted_at",
    "started_at", "ended_at"};

enum {
	N_FIELDS = sizeof fields / sizeof fields[0]
};

/* As a script makes it for a task that no worker had. */
static struct reapq_report
bare(void)
{
	return (struct reapq_report){.size = sizeof(struct reapq_report),
	    .id = "i",
	    .queue = "q",
	    .handler = "h",
	    .outcome = REAPQ_CANCELLED,
	    .verdict = REAPQ_V_CANCELLED,
	    .outcome_name = "cancelled",
	    .verdict_name = "cancelled",
	    .certainty_name = "proved",
	    .message = "m",
	    .exit_status = -1,
	    .signal = {.sender_pid = -1},
	    .usage = {-1, -1, -1, -1, NULL, -1, -1, -1, -1, -1, -1},
	    .worker = "",
	    .host = "",
	    .isolation = "",
	    .hardening = "",
	    .max_attempts = 1};
}

/* The object after a trip through text, as a reader gets it. */
static json_t *
read_back(const struct reapq_report *report)
{
	struct json j;
	char *text;
	json_t *object;

	json_start(&j);
	json_put_report(&j, report);
	assert_false(j.failed);
	text = json_dumps(j.object, JSON_COMPACT);
	assert_non_null(text);
	assert_null(strchr(text, '\n'));
	json_decref(j.object);
	object = json_loads(text, JSON_ALLOW_NUL, NULL);
	assert_non_null(object);
	free(text);
	return object;
}

static json_t *
at(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	assert_non_null(value);
	return value;
}

static void
assert_text(json_t *object, const char *key, const char *expected)
{
	assert_string_equal(json_string_value(at(object, key)), expected);
}

static void
no_field_is_ever_missing(void **state)
{
	struct reapq_report report = bare();
	json_t *object = read_back(&report);
	static const char *const nulls[] = {"tag", "result", "stdout", "stderr",
	    "exit_status", "signal", "worker", "host", "pid", "isolation", "hardening",
	    "submitted_at", "started_at", "ended_at"};
	const char *key;
	json_t *value;

	(void)state;
	assert_int_equal(json_object_size(object), N_FIELDS);
	for (size_t i = 0; i < N_FIELDS; i++)
		(void)at(object, fields[i]);
	for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
		assert_true(json_is_null(at(object, nulls[i])));
	assert_int_equal(json_array_size(at(object, "evidence")), 0);
	assert_int_equal(json_array_size(at(object, "backtrace")), 0);
	assert_int_equal(json_array_size(at(object, "attempts")), 0);
	assert_int_equal(json_object_size(at(object, "limits")), 10);
	assert_int_equal(json_object_size(at(object, "usage")), 11);
	json_object_foreach(at(object, "limits"), key, value)
	    assert_true(json_is_null(value));
	json_object_foreach(at(object, "usage"), key, value)
	    assert_true(json_is_null(value));
	json_decref(object);
}

static void
bytes_that_are_no_text_come_in_base64(void **state)
{
	struct reapq_report report = bare();
	json_t *object;

	(void)state;
	report.result = "\xff\x00\xfe";
	report.result_len = 3;
	report.out = "a\0b";
	report.out_len = 3;
	report.err = "\xff";
	report.err_len = 1;
	object = read_back(&report);
	assert_int_equal(json_object_size(object), N_FIELDS + 2);
	assert_true(json_is_null(at(object, "result")));
	assert_text(object, "result_base64", "/wD+");
	assert_int_equal(json_string_length(at(object, "stdout")), 3);
	assert_memory_equal(json_string_value(at(object, "stdout")), "a\0b", 4);
	assert_true(json_is_null(at(object, "stderr")));
	assert_text(object, "stderr_base64", "/w==");
	json_decref(object);

	report.result = "\xff\xff";
	report.result_len = 2;
	report.err = "";
	report.err_len = 0;
	object = read_back(&report);
	assert_text(object, "result_base64", "//8=");
	assert_text(object, "stderr", "");
	json_decref(object);
}

static void
text_that_is_no_utf8_is_mended(void **state)
{
	struct reapq_report report = bare();
	json_t *object;

	(void)state;
	report.message = "a\xff\xe2\x82\xac";
	object = read_back(&report);
	assert_text(object, "message", "a\xef\xbf\xbd\xe2\x82\xac");
	json_decref(object);
}

static void
a_signal_is_an_object(void **state)
{
	struct reapq_report report = bare();
	json_t *object, *signal;

	(void)state;
	report.signal = (struct reapq_signal){.number = 11,
	    .name = "SIGSEGV",
	    .code = 1,
	    .code_name = "SEGV_MAPERR",
	    .has_fault_address = 1,
	    .fault_address = 0xdeadbeef,
	    .sender_pid = -1};
	object = read_back(&report);
	signal = at(object, "signal");
	assert_int_equal(json_integer_value(at(signal, "number")), 11);
	assert_text(signal, "name", "SIGSEGV");
	assert_int_equal(json_integer_value(at(signal, "code")), 1);
	assert_text(signal, "fault_address", "0xdeadbeef");
	assert_true(json_is_null(at(signal, "sender_pid")));
	json_decref(object);

	report.signal.code_name = NULL;
	report.signal.has_fault_address = 0;
	report.signal.sender_pid = 0;
	object = read_back(&report);
	signal = at(object, "signal");
	assert_true(json_is_null(at(signal, "code")));
	assert_true(json_is_null(at(signal, "code_name")));
	assert_true(json_is_null(at(signal, "fault_address")));
	/* Process 0 is the kernel. */
	assert_int_equal(json_integer_value(at(signal, "sender_pid")), 0);
	json_decref(object);
}

static void
limits_in_force_are_shown(void **state)
{
	struct reapq_report report = bare();
	json_t *object, *limits;

	(void)state;
	report.worker = "w";
	report.limits = (struct reapq_limits){.memory = 64,
	    .cpu_ms = REAPQ_UNLIMITED,
	    .time_ms = 1500,
	    .core = 0,
	    .result = 5};
	object = read_back(&report);
	limits = at(object, "limits");
	assert_int_equal(json_integer_value(at(limits, "memory")), 64);
	assert_true(json_is_null(at(limits, "cpu_ms")));
	assert_int_equal(json_integer_value(at(limits, "time_ms")), 1500);
	/* Under a worker no core file is a limit; without one it is no limit at all. */
	assert_true(json_is_integer(at(limits, "core")));
	json_decref(object);
}

static void
lists_and_times_arrive(void **state)
{
	const struct reapq_evidence evidence = {"waitid", "status", NULL, "killed"};
	const struct reapq_frame frame = {"m.so", 16, "f", NULL, 0, NULL};
	const struct reapq_attempt attempt = {.attempt = 2,
	    .verdict = "exit",
	    .certainty = "proved",
	    .message = "m",
	    .worker = "w",
	    .started_ms = 1763675000123};
	struct reapq_report report = bare();
	json_t *object, *item;

	(void)state;
	report.evidence = &evidence;
	report.backtrace = &frame;
	report.attempts = &attempt;
	report.evidence_count = report.backtrace_count = report.attempts_count = 1;
	report.ended_ms = 1763675000123;
	object = read_back(&report);
	item = json_array_get(at(object, "evidence"), 0);
	assert_true(json_is_null(at(item, "before")));
	assert_text(item, "after", "killed");
	item = json_array_get(at(object, "backtrace"), 0);
	assert_int_equal(json_integer_value(at(item, "offset")), 16);
	assert_true(json_is_null(at(item, "line")));
	item = json_array_get(at(object, "attempts"), 0);
	assert_int_equal(json_integer_value(at(item, "attempt")), 2);
	assert_true(json_is_null(at(item, "ended_at")));
	assert_true(json_real_value(at(item, "started_at")) == 1763675000.123);
	assert_true(json_real_value(at(object, "ended_at")) == 1763675000.123);
	json_decref(object);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_field_is_ever_missing),
	    cmocka_unit_test(bytes_that_are_no_text_come_in_base64),
	    cmocka_unit_test(text_that_is_no_utf8_is_mended),
	    cmocka_unit_test(a_signal_is_an_object),
	    cmocka_unit_test(limits_in_force_are_shown),
	    cmocka_unit_test(lists_and_times_arrive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
