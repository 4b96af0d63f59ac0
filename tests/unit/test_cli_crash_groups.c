/* test_cli_crash_groups.c - which deaths are counted together, and in what order. */
#include "cmocka_all.h"

#include "crash_groups.h"

#include <stdio.h>
#include <string.h>

static int64_t clock_ms = 1000000;

/* Each is older than the one before, as on a dead list. */
static void
add(struct crash_groups *g, const char *handler, const char *verdict,
    const char *signal, const char *frame)
{
	struct reapq_dead_info info = {.died_ms = clock_ms--};

	(void)snprintf(info.id, sizeof info.id, "t%d", (int)info.died_ms);
	(void)snprintf(info.handler, sizeof info.handler, "%s", handler);
	(void)snprintf(info.verdict, sizeof info.verdict, "%s", verdict);
	(void)snprintf(info.signal, sizeof info.signal, "%s", signal);
	if (frame) {
		(void)snprintf(info.frames[0], sizeof info.frames[0], "%s", frame);
		info.frames_n = 1;
	}
	assert_int_equal(crash_groups_add(g, &info), 0);
}

static void
every_part_tells_apart(void **state)
{
	struct crash_groups g = {0};

	(void)state;
	add(&g, "h", "signal", "SIGSEGV", "m.so!f");
	add(&g, "i", "signal", "SIGSEGV", "m.so!f");
	add(&g, "h", "oom", "SIGSEGV", "m.so!f");
	add(&g, "h", "signal", "SIGBUS", "m.so!f");
	add(&g, "h", "signal", "SIGSEGV", "m.so!g");
	add(&g, "h", "signal", "SIGSEGV", NULL);
	add(&g, "h", "signal", "SIGSEGV", "");
	assert_int_equal(g.n, 7);
	crash_groups_sort(&g);
	for (size_t i = 0; i < g.n; i++)
		assert_int_equal(g.groups[i]->count, 1);
	crash_groups_free(&g);
	assert_int_equal(g.n, 0);
}

static void
the_largest_first_then_the_latest(void **state)
{
	struct crash_groups g = {0};
	char id[16];
	int64_t newest;

	(void)state;
	add(&g, "late", "exit", "", NULL);
	newest = clock_ms;
	for (int i = 0; i < 9; i++) {
		add(&g, "often", "exit", "", NULL);
		add(&g, i % 2 ? "odd" : "even", "exit", "", NULL);
	}
	crash_groups_sort(&g);
	assert_int_equal(g.n, 4);
	assert_string_equal(g.groups[0]->sample.handler, "often");
	assert_string_equal(g.groups[1]->sample.handler, "even");
	assert_string_equal(g.groups[2]->sample.handler, "odd");
	assert_string_equal(g.groups[3]->sample.handler, "late");
	assert_int_equal(g.groups[0]->count, 9);
	assert_int_equal(g.groups[0]->sample.died_ms, newest);
	assert_int_equal(g.groups[0]->first_ms, newest - 16);
	assert_int_equal(g.groups[0]->ids_n, CRASH_GROUP_IDS);
	for (int i = 0; i < CRASH_GROUP_IDS; i++) {
		(void)snprintf(id, sizeof id, "t%d", (int)newest - 2 * i);
		assert_string_equal(g.groups[0]->ids[i], id);
	}
	crash_groups_free(&g);
}

static void
many_groups(void **state)
{
	struct crash_groups g = {0};
	char handler[16];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		(void)snprintf(handler, sizeof handler, "h%d", i % 1000);
		add(&g, handler, "exit", "", NULL);
	}
	crash_groups_sort(&g);
	assert_int_equal(g.n, 1000);
	for (size_t i = 0; i < g.n; i++)
		assert_int_equal(g.groups[i]->count, 5);
	crash_groups_free(&g);
	crash_groups_free(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_part_tells_apart),
	    cmocka_unit_test(the_largest_first_then_the_latest),
	    cmocka_unit_test(many_groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
