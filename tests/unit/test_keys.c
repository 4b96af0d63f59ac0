/* test_keys.c - the name of every key, and that a bad name ends the program. */
#include "cmocka_all.h"

#include "death.h"
#include "keys.h"

#include <signal.h>
#include <string.h>

static void
each_key_has_its_name(void **state)
{
	char buf[KEYS_MAX];

	(void)state;
	assert_string_equal(keys_base(buf, "q"), "reapq:{q}:");
	assert_string_equal(keys_task(buf, "q", "ID-1"), "reapq:{q}:t:ID-1");
	assert_string_equal(keys_result(buf, "q", "ID-1"), "reapq:{q}:r:ID-1");
	assert_string_equal(keys_wake(buf, "q"), "reapq:{q}:w");
	assert_string_equal(keys_hints(buf, "q", "W"), "reapq:{q}:k:W");
	assert_string_equal(keys_notify(buf, "q", "P"), "reapq:{q}:n:P");
	assert_string_equal(keys_alive(buf, "q", "P"), "reapq:{q}:a:P");
	assert_string_equal(keys_worker(buf, "q", "W"), "reapq:{q}:wi:W");
	assert_string_equal(keys_suffix(buf, "q", "dead"), "reapq:{q}:dead");
	assert_string_equal(KEYS_QUEUES, "reapq:queues");
	assert_ptr_equal(keys_base(buf, "q"), buf);
}

static void
longest_names_fit(void **state)
{
	char buf[KEYS_MAX], name[REAPQ_ID_MAX + 1];

	(void)state;
	memset(name, 'n', REAPQ_ID_MAX);
	name[REAPQ_ID_MAX] = '\0';
	keys_worker(buf, name, name);
	assert_int_equal(
	    strlen(buf), strlen("reapq:{}:wi:") + REAPQ_ID_MAX + REAPQ_ID_MAX);
	assert_string_equal(buf + strlen(buf) - REAPQ_ID_MAX, name);
}

struct names {
	const char *queue, *id;
};

static void
make_task_key(void *arg)
{
	const struct names *n = arg;
	char buf[KEYS_MAX];

	keys_task(buf, n->queue, n->id);
}

static void
make_suffix_key(void *arg)
{
	const struct names *n = arg;
	char buf[KEYS_MAX];

	keys_suffix(buf, n->queue, n->id);
}

static void
bad_names_are_a_bug(void **state)
{
	char too_long[KEYS_MAX + 1], text[600];
	struct names bad[] = {
	    {"a}b", "id"}, {"", "id"}, {"q", "a:b"}, {"q", ""}, {"q", NULL}};
	struct names suffix = {"q", too_long};
	int status;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		status = death_status(make_task_key, &bad[i], text, sizeof(text));
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
		assert_non_null(strstr(text, "keys.c:"));
		assert_non_null(strstr(text, "id_valid("));
		assert_non_null(strchr(text, '\n'));
	}
	memset(too_long, 's', KEYS_MAX);
	too_long[KEYS_MAX] = '\0';
	status = death_status(make_suffix_key, &suffix, text, sizeof(text));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	suffix.id = "zset";
	assert_int_equal(death_status(make_suffix_key, &suffix, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_key_has_its_name),
	    cmocka_unit_test(longest_names_fit),
	    cmocka_unit_test(bad_names_are_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
