/* test_units.c - durations, sizes and counts: what is read, refused and printed. */
#include "cmocka_all.h"

#include "units.h"

#include <string.h>

#define MINUTE ((int64_t)60 * 1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct pair {
	const char *text;
	int64_t value;
};

static void
durations(void **state)
{
	static const struct pair good[] = {
	    {"250ms", 250},
	    {"10s", 10000},
	    {"5m", 5 * MINUTE},
	    {"1h", HOUR},
	    {"2d", 2 * DAY},
	    {"1.5s", 1500},
	    {"0.25h", 15 * MINUTE},
	    {"30", 30000},
	    {"0.5", 500},
	    {"0", 0},
	    {"0ms", 0},
	    {"007s", 7000},
	    {"3650d", 3650 * DAY},
	    /* What is above 0 never becomes 0. */
	    {"0.1ms", 1},
	    {"1.0001s", 1001},
	    {"1.12345678901234567890s", 1124},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t ms = -1;

		assert_int_equal(units_duration(good[i].text, &ms, NULL), 0);
		assert_int_equal(ms, good[i].value);
	}
}

static void
bad_durations(void **state)
{
	static const char *const bad[] = {"", "s", "ms", "-1s", "+1s", " 1s", "1s ",
	    "1 s", "1S", "1min", "1.s", ".5s", "1..5s", "1,5s", "1e3", "0x10", "1s1s",
	    "nan", "inf", "3651d", "3650.1d", "87601h", "99999999999999999999s",
	    "9223372036854775807d"};
	struct reapq_error err = REAPQ_ERROR_INIT;
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (units_duration(bad[i], &ms, &err) != REAPQ_EINVAL)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_int_equal(err.code, REAPQ_EINVAL);
		assert_non_null(strstr(err.msg, bad[i]));
	}
	assert_int_equal(units_duration(NULL, &ms, &err), REAPQ_EINVAL);
	assert_int_equal(units_duration("7x", &ms, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "250ms"));
	assert_int_equal(ms, 42);
}

static void
sizes(void **state)
{
	static const struct pair good[] = {
	    {"65536", 65536},
	    {"64K", 65536},
	    {"512M", (int64_t)512 << 20},
	    {"2G", (int64_t)2 << 30},
	    {"1T", (int64_t)1 << 40},
	    {"64k", 65536},
	    {"64KB", 65536},
	    {"64KiB", 65536},
	    {"64Ki", 65536},
	    {"17B", 17},
	    {"0", 0},
	    {"1.5K", 1536},
	    {"0.5G", (int64_t)1 << 29},
	    {"8388607T", (int64_t)8388607 << 40},
	    {"9223372036854775807", INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t bytes = -1;

		if (units_size(good[i].text, &bytes, NULL) != 0)
			fail_msg("\"%s\" was refused", good[i].text);
		assert_true(bytes == good[i].value);
	}
}

static void
bad_sizes(void **state)
{
	static const char *const bad[] = {"", "K", "-1", "+1", "1 K", "1.5", "1.5B",
	    "1P", "1KK", "1iB", "1i", "1KiBs", "1KBi", "0x10", "8388608T",
	    "9223372036854775808", "9007199254740993K", "1e6"};
	struct reapq_error err = REAPQ_ERROR_INIT;
	int64_t bytes = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (units_size(bad[i], &bytes, &err) != REAPQ_EINVAL)
			fail_msg("\"%s\" was accepted", bad[i]);
		assert_non_null(strstr(err.msg, bad[i]));
	}
	assert_int_equal(units_size(NULL, &bytes, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "64K"));
	assert_int_equal(bytes, 42);
}

static void
counts(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int64_t n = 42;

	(void)state;
	assert_int_equal(units_count("1", 1, 10, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_int_equal(units_count("10", 1, 10, &n, NULL), 0);
	assert_int_equal(n, 10);
	assert_int_equal(units_count("-3", -5, 10, &n, NULL), 0);
	assert_int_equal(n, -3);
	assert_int_equal(
	    units_count("-9223372036854775808", INT64_MIN, INT64_MAX, &n, NULL), 0);
	assert_true(n == INT64_MIN);
	n = 42;
	assert_int_equal(units_count("0", 1, 10, &n, &err), REAPQ_EINVAL);
	assert_int_equal(units_count("11", 1, 10, &n, &err), REAPQ_EINVAL);
	assert_string_equal(err.msg, "\"11\" is no whole number from 1 to 10");
	assert_int_equal(units_count("", 0, 10, &n, &err), REAPQ_EINVAL);
	assert_int_equal(units_count(NULL, 0, 10, &n, &err), REAPQ_EINVAL);
	assert_int_equal(units_count(" 1", 0, 10, &n, &err), REAPQ_EINVAL);
	assert_int_equal(units_count("+1", 0, 10, &n, &err), REAPQ_EINVAL);
	assert_int_equal(units_count("--1", -5, 10, &n, &err), REAPQ_EINVAL);
	assert_int_equal(units_count("1x", 0, 10, &n, &err), REAPQ_EINVAL);
	assert_int_equal(units_count("1.0", 0, 10, &n, &err), REAPQ_EINVAL);
	assert_int_equal(
	    units_count("9223372036854775808", 0, INT64_MAX, &n, &err), REAPQ_EINVAL);
	assert_int_equal(n, 42);
}

static void
sizes_for_people(void **state)
{
	static const struct pair shown[] = {
	    {"0 bytes", 0},
	    {"1 byte", 1},
	    {"17 bytes", 17},
	    {"1023 bytes", 1023},
	    {"1 KiB", 1024},
	    {"1.5 KiB", 1536},
	    {"64 MiB", (int64_t)64 << 20},
	    {"1 MiB", 1048575},
	    {"1023.9 KiB", 1048474},
	    {"1 TiB", (int64_t)1 << 40},
	    {"8 EiB", INT64_MAX},
	    {"-1 bytes", -1},
	};
	char buf[32];

	(void)state;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		assert_string_equal(
		    units_format_size(shown[i].value, buf, sizeof(buf)), shown[i].text);
	assert_ptr_equal(units_format_size(5, buf, sizeof(buf)), buf);
	assert_string_equal(units_format_size(1536, buf, 4), "1.5");
}

static void
durations_for_people(void **state)
{
	static const struct pair shown[] = {
	    {"0 ms", 0},
	    {"250 ms", 250},
	    {"0.31 s", 310},
	    {"0.31 s", 314},
	    {"0.5 s", 500},
	    {"1 s", 1000},
	    {"1.23 s", 1234},
	    {"1.05 s", 1050},
	    {"59.99 s", 59994},
	    {"1 min", 59995},
	    {"1 min", 60000},
	    {"2 min 5 s", 125000},
	    {"59 min 59 s", 3599499},
	    {"1 h", 3599500},
	    {"1 h 30 min", 90 * MINUTE},
	    {"23 h 59 min", DAY - MINUTE},
	    {"1 d", DAY - 1},
	    {"2 d 3 h", 2 * DAY + 3 * HOUR},
	    {"-1 ms", -1},
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		assert_string_equal(
		    units_format_ms(shown[i].value, buf, sizeof(buf)), shown[i].text);
	assert_non_null(strstr(units_format_ms(INT64_MAX, buf, sizeof(buf)), " d "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(durations),
	    cmocka_unit_test(bad_durations),
	    cmocka_unit_test(sizes),
	    cmocka_unit_test(bad_sizes),
	    cmocka_unit_test(counts),
	    cmocka_unit_test(sizes_for_people),
	    cmocka_unit_test(durations_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
