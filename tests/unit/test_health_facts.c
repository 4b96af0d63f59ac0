/*
 * What a worker answers when it is asked for its health, and what is made of it.
 */
#include "cmocka_all.h"

#include "health_facts.h"
#include <stdio.h>
#include <string.h>

static struct health_facts
facts(enum health_state state, int64_t age_ms)
{
	return (struct health_facts){
	    .state = state, .age_ms = age_ms, .busy = 1, .slots = 4, .worker = "w-1"};
}

static bool
judged(enum health_state state, int64_t age_ms, const char *says)
{
	struct health_facts f = facts(state, age_ms);
	char line[HEALTH_LINE_MAX];
	bool healthy = health_facts_judge(&f, 15000, line);

	if (strstr(line, says) == NULL)
		fail_msg("'%s' does not say '%s'", line, says);
	assert_int_equal(strncmp(line, "healthy: ", 9) == 0, healthy);
	assert_null(strchr(line, '\n'));
	return healthy;
}

static void
test_judge(void **state)
{
	(void)state;
	assert_true(judged(HEALTH_RUNNING, 0, "1 of 4 slots busy"));
	assert_true(judged(HEALTH_RUNNING, 15000, "15 s ago"));
	assert_false(judged(HEALTH_RUNNING, 15001, "15 s is the most allowed"));
	assert_false(judged(HEALTH_RUNNING, -1, "has not answered a fetch yet"));
	assert_false(judged(HEALTH_STARTING, -1, "w-1 is starting"));
	/* Redis was there and went before the runner was ready */
	assert_false(judged(HEALTH_STARTING, 3, "w-1 is starting"));
	assert_true(judged(HEALTH_DRAINING, 3, "w-1 is draining"));
	assert_true(judged(HEALTH_DRAINING, INT64_MAX, "w-1 is draining"));
	assert_true(judged(HEALTH_DRAINING, -1, "w-1 is draining"));
}

static void
test_what_is_written_is_read(void **state)
{
	static const int64_t ages[] = {-1, 0, 1, INT64_MAX};

	(void)state;
	for (int s = 0; s < HEALTH_STATE_COUNT; s++) {
		for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
			struct health_facts in = facts((enum health_state)s, ages[i]);
			struct health_facts out = {0};
			char line[HEALTH_LINE_MAX];

			memset(in.worker, 'w', REAPQ_ID_MAX);
			in.worker[REAPQ_ID_MAX] = '\0';
			assert_true(health_facts_parse(
			    line, health_facts_format(&in, line), &out));
			assert_int_equal(out.state, in.state);
			assert_true(out.age_ms == in.age_ms);
			assert_int_equal(out.busy, 1);
			assert_int_equal(out.slots, 4);
			assert_string_equal(out.worker, in.worker);
		}
	}
}

static bool
read_as(const char *text, size_t len)
{
	struct health_facts out;

	return health_facts_parse(text, len, &out);
}

static void
test_nothing_else_is_read(void **state)
{
	static const char good[] = "reapq-health 1 running 5 1 4 w-1\n";
	static const char *const bad[] = {"", "\n", "reapq-health 1 \n",
	    "reapq-health 2 running 5 1 4 w-1\n", "reapq-health 1 runing 5 1 4 w-1\n",
	    "reapq-health 1 running 5 1 4 w-1", "reapq-health 1 running 5 1 4 w 1\n",
	    "reapq-health 1 running 5 1 4 \n", "reapq-health 1 running 5 1 4\n",
	    "reapq-health 1 running -2 1 4 w\n", "reapq-health 1 running  5 1 4 w\n",
	    "reapq-health 1 running 5 -1 4 w\n", "reapq-health 1 running x 1 4 w\n",
	    "reapq-health 1 running 5 1 4294967296 w\n",
	    "reapq-health 1 running 9223372036854775808 1 4 w\n",
	    "reapq-health 1 running 5 1 4 w-1\nhealthy\n"};
	char flood[4 * HEALTH_LINE_MAX];

	(void)state;
	assert_true(read_as(good, sizeof(good) - 1));
	for (size_t len = 0; len < sizeof(good) - 1; len++)
		assert_false(read_as(good, len));
	assert_false(read_as(good, sizeof(good))); /* a NUL behind it */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (read_as(bad[i], strlen(bad[i])))
			fail_msg("read: %s", bad[i]);
	memset(flood, '1', sizeof(flood));
	memcpy(flood, good, sizeof(good) - 2);
	flood[sizeof(flood) - 1] = '\n';
	assert_false(read_as(flood, sizeof(flood)));
}

static void
test_names(void **state)
{
	static const char *const others[] = {"",
	    "Num       RefCount Protocol Flags    Type St Inode Path\n",
	    "0000: 00000002 00000000 00010000 0001 01 77\n",
	    "0000: 00000002 00000000 00010000 0001 01 77 /run/reapq-worker/9/12\n",
	    "0000: 00000002 00000000 00010000 0001 01 77 @reapq-worker/8/12\n",
	    "0000: 00000002 00000000 00000000 0001 03 77 @reapq-worker/9/12\n",
	    "0000: 00000002 00000000 00010000 0001 01 77 @reapq-worker/9/0\n",
	    "0000: 00000002 00000000 00010000 0001 01 77 @reapq-worker/9/12x\n",
	    "0000: 00000002 00000000 00010000 0001 01 77 @reapq-worker/9/012\n",
	    "0000: 00000002 00000000 00010000 0001 01 77 @x/reapq-worker/9/12\n",
	    "0000: 00000002 00000000 00010000 0001 01 77 @reapq-worker/9/4294967308\n"};
	char name[HEALTH_NAME_MAX], line[256];
	size_t len = health_name(name, UINT64_MAX, INT32_MAX);

	(void)state;
	assert_int_equal(len, strlen(name));
	assert_int_equal(health_name(name, 9, 12), strlen("reapq-worker/9/12"));
	snprintf(line, sizeof(line),
	    "0000000000000000: 00000002 00000000 00010000 0001 01 77 @%s\n", name);
	assert_int_equal(health_name_pid(line, 9), 12);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(health_name_pid(others[i], 9), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_judge),
	    cmocka_unit_test(test_what_is_written_is_read),
	    cmocka_unit_test(test_nothing_else_is_read),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
