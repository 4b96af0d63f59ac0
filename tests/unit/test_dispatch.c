/* The bytes that a child gets, read back as a child reads them. */
#include "dispatch.h"

#include "cmocka_all.h"
#include "frame.h"
#include <stdlib.h>
#include <string.h>

static void
test_dispatch_lays_out_an_exec(void **state)
{
	const char *argv[] = {"sh", "-c", "exit 3", NULL};
	const char *env[] = {"A=1", "B=", NULL};
	struct wire_task task = {.id = "ID",
	    .handler = "exec",
	    .argv = argv,
	    .env = env,
	    .cwd = "/tmp",
	    .payload = "in\0put",
	    .payload_len = 6};
	static const char strings[] = "ID\0jobs\0exec\0/tmp\0sh\0-c\0exit 3\0A=1\0B=";
	struct reapq_limits limits = {.time_ms = 250, .memory = REAPQ_UNLIMITED};
	struct frame_task head;
	size_t len;
	char *bytes = dispatch_encode(&task, "jobs", 7, &limits, &len, NULL);

	(void)state;
	assert_non_null(bytes);
	memcpy(&head, bytes, sizeof(head));
	assert_int_equal(head.magic, FRAME_MAGIC);
	assert_int_equal(head.strings_len, sizeof(strings));
	assert_int_equal(head.argc, 3);
	assert_int_equal(head.envc, 2);
	assert_int_equal(head.attempt, 7);
	assert_int_equal(head.time_left_ms, 250);
	assert_int_equal(head.limits.memory, REAPQ_UNLIMITED);
	assert_memory_equal(bytes + sizeof(head), strings, sizeof(strings));
	assert_int_equal(head.payload_len, 6);
	assert_memory_equal(bytes + sizeof(head) + sizeof(strings), "in\0put", 6);
	assert_int_equal(len, sizeof(head) + sizeof(strings) + 6);
	free(bytes);
}

static void
test_dispatch_lays_out_a_handler(void **state)
{
	struct wire_task task = {.id = "X", .handler = "echo"};
	struct reapq_limits limits = {.time_ms = REAPQ_UNLIMITED};
	struct frame_task head;
	size_t len;
	char *bytes = dispatch_encode(&task, "q", 1, &limits, &len, NULL);

	(void)state;
	assert_non_null(bytes);
	memcpy(&head, bytes, sizeof(head));
	assert_int_equal(head.argc, 0);
	assert_int_equal(head.envc, 0);
	assert_int_equal(head.time_left_ms, -1);
	assert_memory_equal(bytes + sizeof(head), "X\0q\0echo\0", 10);
	assert_int_equal(len, sizeof(head) + 10);
	free(bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dispatch_lays_out_an_exec),
	    cmocka_unit_test(test_dispatch_lays_out_a_handler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
