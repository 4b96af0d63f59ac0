/* A crash page, honest and hostile, to a record. */
#include "crash_record.h"

#include "cmocka_all.h"
#include <string.h>

static struct crash_page page;
static struct crash_record rec;

static int
start_honest(void **state)
{
	(void)state;
	memset(&page, 0, sizeof(page));
	memset(&rec, 0x55, sizeof(rec));
	page.magic = CRASH_PAGE_MAGIC;
	page.modules_count = 1;
	page.modules[0].base = 0x1000;
	page.modules[0].build_id_len = 3;
	memcpy(page.modules[0].build_id, "\x01\xab\xff", 3);
	strcpy(page.modules[0].path, "/lib/rows.so");
	page.crash.state = CRASH_PAGE_WHOLE;
	page.crash.signal = SIGSEGV;
	page.crash.code = SEGV_MAPERR;
	page.crash.pid = page.crash.tid = 77;
	page.crash.sender_pid = -1;
	page.crash.address = 0x10;
	page.crash.depth = 2;
	page.crash.frames[0] = (struct crash_page_frame){0x1234, 0, 0};
	page.crash.frames[1] =
	    (struct crash_page_frame){0x9999, CRASH_PAGE_NO_MODULE, 0};
	return 0;
}

static void
test_crash_record_is_copied(void **state)
{
	(void)state;
	crash_record_read(&page, SIGSEGV, false, &rec);
	assert_true(rec.seen && rec.whole && !rec.asked);
	assert_int_equal(rec.code, SEGV_MAPERR);
	assert_int_equal(rec.address, 0x10);
	assert_int_equal(rec.frames_n, 2);
	assert_int_equal(rec.frames[0].module, 0);
	assert_int_equal(rec.frames[0].offset, 0x234);
	assert_int_equal(rec.frames[1].module, -1);
	assert_int_equal(rec.frames[1].offset, 0x9999);
	assert_string_equal(rec.modules[0].path, "/lib/rows.so");
	assert_string_equal(rec.modules[0].build_id, "01abff");
	assert_string_equal(rec.note, "");
}

static void
test_crash_record_of_another_signal_is_not_taken(void **state)
{
	(void)state;
	crash_record_read(&page, SIGABRT, false, &rec);
	assert_false(rec.seen);
	crash_record_read(&page, 0, false, &rec);
	assert_false(rec.seen);
	page.crash.signal = 0;
	crash_record_read(&page, 0, false, &rec);
	assert_false(rec.seen);
}

static void
test_crash_record_of_another_build_is_nothing(void **state)
{
	(void)state;
	page.magic++;
	page.note_seq = 1;
	strcpy(page.notes[1], "words");
	crash_record_read(&page, SIGSEGV, true, &rec);
	assert_false(rec.seen);
	assert_string_equal(rec.note, "");
}

static void
test_crash_record_answers_the_time_limit(void **state)
{
	(void)state;
	page.asked = page.crash;
	page.asked.signal = CRASH_PAGE_ASK;
	page.asked.state = CRASH_PAGE_FACTS;
	crash_record_read(&page, SIGTERM, false, &rec);
	assert_false(rec.seen);
	crash_record_read(&page, SIGTERM, true, &rec);
	assert_true(rec.seen && rec.asked && !rec.whole);
	/* its own death says more */
	crash_record_read(&page, SIGSEGV, true, &rec);
	assert_true(rec.seen && !rec.asked);
}

static void
test_crash_record_note_is_the_last_whole_one(void **state)
{
	(void)state;
	strcpy(page.notes[1], "row 1\nof 2\t");
	strcpy(page.notes[0], "row 2");
	page.note_seq = 7;
	crash_record_read(&page, SIGKILL, false, &rec);
	assert_string_equal(rec.note, "row 1 of 2");
	page.note_seq = 8;
	crash_record_read(&page, SIGKILL, false, &rec);
	assert_string_equal(rec.note, "row 2");
	memset(page.notes, 'x', sizeof(page.notes));
	crash_record_read(&page, SIGKILL, false, &rec);
	assert_int_equal(strlen(rec.note), CRASH_PAGE_TEXT - 1);
}

static void
test_crash_record_deep_stack_is_put_in_order(void **state)
{
	(void)state;
	page.crash.depth = 0;
	for (uint64_t i = 0; i < 1000; i++) {
		size_t at =
		    i < CRASH_PAGE_FIRST
			? i
			: CRASH_PAGE_FIRST + (i - CRASH_PAGE_FIRST) % CRASH_PAGE_LAST;

		page.crash.frames[at] =
		    (struct crash_page_frame){i, CRASH_PAGE_NO_MODULE, 0};
		page.crash.depth++;
		crash_record_read(&page, SIGSEGV, false, &rec);
		assert_int_equal(rec.depth, i + 1);
		assert_int_equal(rec.frames[rec.frames_n - 1].offset, i);
		for (size_t k = 1; k < rec.frames_n; k++)
			if (k != CRASH_PAGE_FIRST)
				assert_int_equal(
				    rec.frames[k].offset, rec.frames[k - 1].offset + 1);
	}
	assert_int_equal(rec.frames_n, CRASH_PAGE_FRAMES);
	assert_int_equal(rec.frames[CRASH_PAGE_FIRST].offset, 1000 - CRASH_PAGE_LAST);
}

/* A mapping that does not hold the address, a stack upside down: not believed. */
static void
test_crash_record_contradictions_are_dropped(void **state)
{
	(void)state;
	page.crash.map_start = 0x20;
	page.crash.map_end = 0x30;
	strcpy(page.crash.map_path, "/dev/shm/x");
	page.crash.stack_low = 0x30;
	page.crash.stack_high = 0x20;
	crash_record_read(&page, SIGSEGV, false, &rec);
	assert_string_equal(rec.map_path, "");
	assert_int_equal(rec.stack_low, 0);
	assert_int_equal(rec.stack_high, 0);
}

static void
test_crash_record_xfsz_of_the_kernel_has_no_sender(void **state)
{
	(void)state;
	page.crash.signal = SIGXFSZ;
	page.crash.code = SI_USER;
	page.crash.sender_pid = page.crash.pid;
	crash_record_read(&page, SIGXFSZ, false, &rec);
	assert_true(rec.seen);
	assert_int_equal(rec.sender_pid, -1);
	page.crash.code = SI_TKILL;
	crash_record_read(&page, SIGXFSZ, false, &rec);
	assert_int_equal(rec.sender_pid, page.crash.pid);
	page.crash.code = SI_USER;
	page.crash.sender_pid = page.crash.pid + 1;
	crash_record_read(&page, SIGXFSZ, false, &rec);
	assert_int_equal(rec.sender_pid, page.crash.pid + 1);
}

static void
check_bounds(void)
{
	assert_true(strnlen(rec.note, sizeof(rec.note)) < sizeof(rec.note));
	assert_true(strnlen(rec.abort_message, sizeof(rec.abort_message)) <
		    sizeof(rec.abort_message));
	assert_true(strnlen(rec.map_path, sizeof(rec.map_path)) < sizeof(rec.map_path));
	assert_true(rec.frames_n <= CRASH_PAGE_FRAMES);
	assert_true(rec.modules_n <= CRASH_PAGE_MODULES);
	for (size_t i = 0; i < rec.modules_n; i++) {
		assert_true(
		    strnlen(rec.modules[i].path, CRASH_PAGE_PATH) < CRASH_PAGE_PATH);
		assert_true(
		    strlen(rec.modules[i].build_id) <= (size_t)2 * CRASH_PAGE_BUILD_ID);
	}
	for (size_t i = 0; i < rec.frames_n; i++)
		assert_in_range(rec.frames[i].module + 1, 0, rec.modules_n);
}

static void
test_crash_record_any_bytes(void **state)
{
	unsigned char *bytes = (unsigned char *)&page;
	uint32_t x = 12345;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		for (size_t i = 0; i < sizeof(page); i++) {
			x = x * 1664525u + 1013904223u;
			/* some rounds with small numbers, some with the largest */
			bytes[i] = round % 3 == 0   ? (unsigned char)(x >> 24)
				   : round % 3 == 1 ? (unsigned char)(x >> 30)
						    : 0xff;
		}
		page.magic = CRASH_PAGE_MAGIC;
		page.crash.signal = SIGABRT;
		page.asked.signal = CRASH_PAGE_ASK;
		crash_record_read(&page, SIGABRT, true, &rec);
		check_bounds();
		crash_record_read(&page, SIGTERM, true, &rec);
		check_bounds();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_crash_record_is_copied, start_honest),
	    cmocka_unit_test_setup(
		test_crash_record_of_another_signal_is_not_taken, start_honest),
	    cmocka_unit_test_setup(
		test_crash_record_of_another_build_is_nothing, start_honest),
	    cmocka_unit_test_setup(
		test_crash_record_answers_the_time_limit, start_honest),
	    cmocka_unit_test_setup(
		test_crash_record_note_is_the_last_whole_one, start_honest),
	    cmocka_unit_test_setup(
		test_crash_record_deep_stack_is_put_in_order, start_honest),
	    cmocka_unit_test_setup(
		test_crash_record_contradictions_are_dropped, start_honest),
	    cmocka_unit_test_setup(
		test_crash_record_xfsz_of_the_kernel_has_no_sender, start_honest),
	    cmocka_unit_test_setup(test_crash_record_any_bytes, start_honest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
