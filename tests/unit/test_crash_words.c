/* What a crash record is said to show, and what it is never said to show. */
#include "crash_words.h"

#include "cmocka_all.h"
#include <signal.h>
#include <string.h>

static struct crash_record
record(int signal, int code, uint64_t address)
{
	struct crash_record r;

	memset(&r, 0, sizeof(r));
	r.seen = r.whole = true;
	r.signal = signal;
	r.code = code;
	r.pid = r.tid = 77;
	r.sender_pid = r.syscall = -1;
	r.file_size = r.fs_free = -1;
	r.address = address;
	r.has_registers = true;
	r.trap = 14;
	return r;
}

static void
expect_err(const struct crash_record *r, const char *err, const char *words)
{
	char text[CRASH_WORDS_MAX];

	crash_words_cause(r, err, strlen(err), text, sizeof(text));
	assert_string_equal(text, words);
}

static void
expect(const struct crash_record *r, const char *words)
{
	expect_err(r, "", words);
}

static void
test_crash_words_null_pointer(void **state)
{
	struct crash_record r = record(SIGSEGV, SEGV_MAPERR, 0x10);

	(void)state;
	expect(&r, "null pointer: read of address 0x10");
	r.error = 6;
	expect(&r, "null pointer: write to address 0x10");
	r.error = 0x14;
	r.address = 0;
	expect(&r, "null pointer: jump to address 0x0");
	r.has_registers = false;
	expect(&r, "null pointer: access to address 0x0");
	assert_true(crash_words_has_address(&r));
	r.address = 65536;
	expect(&r, "access to address 0x10000, where nothing is mapped");
}

static void
test_crash_words_no_address_is_no_null_pointer(void **state)
{
	struct crash_record r = record(SIGSEGV, SI_KERNEL, 0);
	char text[CRASH_WORDS_MAX];

	(void)state;
	r.trap = 13;
	crash_words_cause(&r, "", 0, text, sizeof(text));
	assert_null(strstr(text, "null pointer"));
	assert_non_null(strstr(text, "does not say which"));
	assert_false(crash_words_has_address(&r));
	crash_words_signal(&r, text, sizeof(text));
	assert_string_equal(text, "SIGSEGV, SI_KERNEL, in thread 77");
}

static void
test_crash_words_stack_overflow_only_at_its_end(void **state)
{
	struct crash_record r = record(SIGSEGV, SEGV_MAPERR, 0x7ffff0000000 - 64);

	(void)state;
	r.error = 6;
	r.sp = r.address;
	expect(&r, "write to address 0x7fffefffffc0, where nothing is mapped");
	r.stack_low = 0x7ffff0000000;
	r.stack_high = r.stack_low + (8u << 20);
	expect(&r,
	    "stack overflow: write to 0x7fffefffffc0, at the end of its stack of "
	    "8 MiB");
	/* a wild pointer that points there, from a shallow stack */
	r.sp = r.stack_high - 4096;
	expect(&r, "write to address 0x7fffefffffc0, where nothing is mapped");
	r.sp = r.stack_low;
	r.address = r.stack_low - (2u << 20);
	expect(&r, "write to address 0x7fffefe00000, where nothing is mapped");
}

static void
test_crash_words_stack_overflow_by_one_frame(void **state)
{
	struct crash_record r = record(SIGSEGV, SEGV_MAPERR, 0);

	(void)state;
	r.stack_low = 0x7ffff0000000;
	r.stack_high = r.stack_low + (8u << 20);
	r.sp = r.stack_low - (2u << 20);
	r.address = r.sp + 64;
	expect(&r,
	    "stack overflow: read of 0x7fffefe00040, in a frame that reaches 2 MiB "
	    "below the end of its stack of 8 MiB");
	r.address = r.sp - (1u << 20);
	expect(&r, "read of address 0x7fffefd00000, where nothing is mapped");
	/* a stack of its own, far away */
	r.sp = r.stack_low - (1u << 30);
	r.address = r.sp + 64;
	expect(&r, "read of address 0x7fffb0000040, where nothing is mapped");
}

static void
test_crash_words_forbidden(void **state)
{
	struct crash_record r = record(SIGSEGV, SEGV_ACCERR, 0x7f0000001000);

	(void)state;
	r.error = 7;
	expect(&r, "write to address 0x7f0000001000, which is not allowed");
	strcpy(r.map_path, "/lib/rows.so");
	expect(&r,
	    "write to address 0x7f0000001000, which is not allowed in /lib/rows.so");
}

static void
test_crash_words_bus(void **state)
{
	struct crash_record r = record(SIGBUS, BUS_ADRERR, 0x7f0000003000);

	(void)state;
	expect(&r, "the page at 0x7f0000003000 could not be had: beyond the end of a "
		   "file, or no space for it");
	strcpy(r.map_path, "/dev/shm/table");
	r.map_start = 0x7f0000001000;
	r.map_end = 0x7f0000009000;
	r.map_offset = 0x1000;
	r.file_size = 100;
	r.fs_free = 0;
	expect(&r,
	    "beyond the end of a mapped file: byte 12288 of /dev/shm/table, which "
	    "has 100");
	r.file_size = 1 << 20;
	expect(&r, "no space where /dev/shm/table is (0 bytes free): the page at "
		   "0x7f0000003000 could not be had");
	r.fs_free = 1 << 20;
	expect(&r, "the page at 0x7f0000003000 of /dev/shm/table could not be had: "
		   "beyond the end of a file, or no space for it");
	r.code = SI_KERNEL;
	r.address = 0;
	expect(&r, "stack segment fault: a stack pointer that is no possible address, "
		   "most likely; the processor does not say which");
	r.address = 0x7f0000003000;
	r.code = BUS_ADRALN;
	expect(&r, "bad read of address 0x7f0000003000");
}

static void
test_crash_words_abort(void **state)
{
	struct crash_record r = record(SIGABRT, SI_TKILL, 0);

	(void)state;
	r.sender_pid = r.pid;
	expect(&r, "it aborted itself");
	expect_err(&r, "hello\nx.c:3: f: Assertion `n' failed.\nbye\n",
	    "it aborted itself, having written: x.c:3: f: Assertion `n' failed.");
	strcpy(r.abort_message, "double free or corruption");
	expect_err(&r, "Assertion\n", "it aborted itself: double free or corruption");
	assert_false(crash_words_sent(&r));
}

static void
test_crash_words_sender(void **state)
{
	struct crash_record r = record(SIGSEGV, SI_USER, 0);

	(void)state;
	r.sender_pid = 4711;
	r.sender_uid = 1000;
	expect(&r, "sent by process 4711 of user 1000");
	assert_true(crash_words_sent(&r));
	assert_false(crash_words_has_address(&r));
	r.sender_pid = 0;
	expect(&r, "sent from outside its PID namespace, by user 1000");
	assert_true(crash_words_sent(&r));
	r.sender_pid = r.pid;
	expect(&r, "it sent the signal to itself");
	assert_false(crash_words_sent(&r));
}

static void
test_crash_words_others(void **state)
{
	struct crash_record r = record(SIGFPE, FPE_INTDIV, 0x401000);

	(void)state;
	expect(&r, "integer division by zero, or its result does not fit");
	r = record(SIGSYS, 1, 0);
	r.syscall = 110;
	expect(&r, "system call 110 was refused by a seccomp filter");
	r = record(SIGXCPU, SI_KERNEL, 0);
	expect(&r, "");
	r.asked = true;
	r.signal = SIGSEGV;
	expect(&r, "");
}

static void
test_crash_words_codes(void **state)
{
	(void)state;
	assert_string_equal(crash_words_code(SIGSEGV, 1), "SEGV_MAPERR");
	assert_string_equal(crash_words_code(SIGBUS, 1), "BUS_ADRALN");
	assert_string_equal(crash_words_code(SIGSEGV, SI_TKILL), "SI_TKILL");
	assert_string_equal(crash_words_code(SIGXCPU, SI_KERNEL), "SI_KERNEL");
	assert_null(crash_words_code(SIGSEGV, 99));
	assert_null(crash_words_code(SIGTERM, 1));
}

static void
test_crash_words_place(void **state)
{
	struct crash_record r = record(SIGABRT, SI_TKILL, 0);
	char text[CRASH_WORDS_MAX];

	(void)state;
	crash_words_place(&r, text, sizeof(text));
	assert_string_equal(text, "");
	r.modules_n = 2;
	strcpy(r.modules[0].path, "/lib/x86_64-linux-gnu/libc.so.6");
	strcpy(r.modules[1].path, "/opt/rows.so");
	r.frames_n = 3;
	r.frames[0].module = -1;
	strcpy(r.frames[1].function, "abort");
	r.frames[2].module = 1;
	r.frames[2].offset = 0x1a2b;
	crash_words_place(&r, text, sizeof(text));
	assert_string_equal(text, "rows.so+0x1a2b");
	strcpy(r.frames[2].function, "parse_row");
	crash_words_place(&r, text, sizeof(text));
	assert_string_equal(text, "parse_row (rows.so)");
	strcpy(r.frames[2].file, "/src/rows.c");
	r.frames[2].line = 81;
	crash_words_place(&r, text, sizeof(text));
	assert_string_equal(text, "parse_row (rows.c:81)");
}

static void
test_crash_words_evidence(void **state)
{
	struct crash_record r = record(SIGSEGV, SEGV_MAPERR, 0x10);
	char text[CRASH_WORDS_MAX];

	(void)state;
	crash_words_signal(&r, text, sizeof(text));
	assert_string_equal(text, "SIGSEGV, SEGV_MAPERR at 0x10, in thread 77");
	r.code = SI_USER;
	r.sender_pid = 5;
	crash_words_signal(&r, text, sizeof(text));
	assert_string_equal(
	    text, "SIGSEGV, SI_USER from process 5 of user 0, in thread 77");
	crash_words_registers(&r, text, sizeof(text));
	assert_string_equal(text, "pc 0x0, sp 0x0, trap 14, error 0x0");
	r.depth = 3;
	crash_words_frames(&r, text, sizeof(text));
	assert_string_equal(text, "3 frames");
	r.depth = 2000;
	r.whole = false;
	crash_words_frames(&r, text, sizeof(text));
	assert_string_equal(text, "2000 frames, of which the first 48 and the last 16 "
				  "are kept; the record is not complete");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_crash_words_null_pointer),
	    cmocka_unit_test(test_crash_words_no_address_is_no_null_pointer),
	    cmocka_unit_test(test_crash_words_stack_overflow_only_at_its_end),
	    cmocka_unit_test(test_crash_words_stack_overflow_by_one_frame),
	    cmocka_unit_test(test_crash_words_forbidden),
	    cmocka_unit_test(test_crash_words_bus),
	    cmocka_unit_test(test_crash_words_abort),
	    cmocka_unit_test(test_crash_words_sender),
	    cmocka_unit_test(test_crash_words_others),
	    cmocka_unit_test(test_crash_words_codes),
	    cmocka_unit_test(test_crash_words_place),
	    cmocka_unit_test(test_crash_words_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
