/* The verdict table: each row by itself, and the rows in their order. */
#include "judge.h"

#include "cmocka_all.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static struct judge_evidence
died_of(int sig)
{
	struct judge_evidence e;

	memset(&e, 0, sizeof(e));
	e.wait_code = CLD_KILLED;
	e.wait_status = sig;
	e.text = "";
	e.intent_text = "";
	e.host = "web7";
	e.limits = (struct reapq_limits){-1, -1, -1, -1, -1, -1, -1, -1, 1000, 1000};
	e.usage.wall_ms = 310;
	return e;
}

static struct judge_evidence
exited(int status)
{
	struct judge_evidence e = died_of(0);

	e.wait_code = CLD_EXITED;
	e.wait_status = status;
	return e;
}

static void
expect(const struct judge_evidence *e, enum reapq_verdict v, enum reapq_certainty c,
    const char *words)
{
	struct judge_finding f;

	memset(&f, 0, sizeof(f));
	judge(e, &f);
	assert_string_equal(reapq_verdict_name(f.verdict), reapq_verdict_name(v));
	assert_string_equal(reapq_certainty_name(f.certainty), reapq_certainty_name(c));
	if (strstr(f.message, words) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", f.message, words);
	assert_true(f.evidence_count >= 3);
	for (size_t i = 0; i < f.evidence_count; i++)
		assert_true(
		    f.evidence[i].source[0] != '\0' && f.evidence[i].after[0] != '\0');
}

static void
test_judge_answers_of_a_handler(void **state)
{
	struct judge_evidence e = exited(0);

	(void)state;
	e.done = true;
	expect(&e, REAPQ_V_OK, REAPQ_PROVED, "returned its result in 0.31 s on web7");
	e.done = false;
	expect(&e, REAPQ_V_EXIT, REAPQ_PROVED,
	    "exited with status 0 before giving its result");
	e.failed = true;
	e.text = "no such table";
	expect(&e, REAPQ_V_ERROR, REAPQ_PROVED, "no such table");
	e.too_big = true;
	expect(&e, REAPQ_V_RESULT_LIMIT, REAPQ_PROVED,
	    "larger than the limit of 1000 bytes");
	e.refused = true;
	e.text = "cannot execute 'x': No such file or directory";
	expect(&e, REAPQ_V_NOT_STARTED, REAPQ_PROVED, "cannot execute 'x'");
}

static void
test_judge_a_result_does_not_excuse_a_crash(void **state)
{
	struct judge_evidence e = died_of(SIGSEGV);

	(void)state;
	e.done = true;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGSEGV after");
	e = exited(3);
	e.done = true;
	expect(&e, REAPQ_V_EXIT, REAPQ_PROVED, "exited with status 3");
}

/* What came of a broken stream is never a result, however the child then ended. */
static void
test_judge_a_broken_stream_is_no_result(void **state)
{
	struct judge_evidence e = exited(0);

	(void)state;
	e.done = true;
	e.no_memory = true;
	e.result_len = 8 << 20;
	expect(&e, REAPQ_V_RESULT_LIMIT, REAPQ_PROVED,
	    "no memory for its result, of which 8 MiB had come");
	e.no_memory = false;
	e.garbled = true;
	e.text = "wrong magic";
	expect(&e, REAPQ_V_ERROR, REAPQ_PROVED, "on its channel: wrong magic");
}

static void
test_judge_exec(void **state)
{
	struct judge_evidence e = exited(0);

	(void)state;
	e.is_exec = true;
	expect(&e, REAPQ_V_OK, REAPQ_PROVED, "exited with status 0 in 0.31 s");
	e.wait_status = 77;
	expect(&e, REAPQ_V_EXIT, REAPQ_PROVED, "exited with status 77 after");
	/* told to stop, and it ended politely: still our doing */
	e.wait_status = 0;
	e.intent = JUDGE_TIME_LIMIT;
	e.limits.time_ms = 300;
	expect(&e, REAPQ_V_TIME_LIMIT, REAPQ_PROVED, "over its time limit of 0.3 s");
}

static void
test_judge_signals(void **state)
{
	static const int own[] = {
	    SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	struct judge_evidence e;

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		e = died_of(own[i]);
		expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIG");
	}
	e = died_of(SIGKILL);
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "sender of a SIGKILL is not visible");
	e = died_of(SIGTERM);
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGTERM");
	e = died_of(SIGSEGV);
	e.wait_code = CLD_DUMPED;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "(core dumped)");
}

static void
test_judge_our_own_kills(void **state)
{
	struct judge_evidence e = died_of(SIGKILL);

	(void)state;
	e.intent = JUDGE_TIME_LIMIT;
	e.limits.time_ms = 250;
	e.killed = true;
	expect(&e, REAPQ_V_TIME_LIMIT, REAPQ_PROVED, "and killed by SIGKILL after");
	e.asked = true;
	expect(&e, REAPQ_V_TIME_LIMIT, REAPQ_PROVED, "as SIGTERM did not end it");
	e.intent = JUDGE_CANCEL;
	e.intent_text = "by ana";
	expect(&e, REAPQ_V_CANCELLED, REAPQ_PROVED, "cancelled (by ana)");
	e.intent = JUDGE_DEADLINE;
	expect(&e, REAPQ_V_EXPIRED, REAPQ_PROVED, "its deadline passed");
	e.intent = JUDGE_SHUTDOWN;
	expect(&e, REAPQ_V_WORKER_LOST, REAPQ_PROVED, "stopped unfinished");
	e.intent = JUDGE_RESULT_LIMIT;
	e.too_big = true;
	expect(&e, REAPQ_V_RESULT_LIMIT, REAPQ_PROVED, "larger than the limit");
	e.intent = JUDGE_GARBLED;
	e.garbled = true;
	e.text = "a frame of type 77";
	expect(&e, REAPQ_V_ERROR, REAPQ_PROVED, "broke the rules on its channel");
	/* a handler that answered before the signal reached it has answered */
	e = exited(0);
	e.done = true;
	e.intent = JUDGE_TIME_LIMIT;
	expect(&e, REAPQ_V_OK, REAPQ_PROVED, "returned");
}

static void
test_judge_cpu_limit_needs_the_usage(void **state)
{
	struct judge_evidence e = died_of(SIGXCPU);

	(void)state;
	e.limits.cpu_ms = 2000;
	e.usage.user_ms = 1990;
	e.usage.system_ms = 20;
	expect(&e, REAPQ_V_CPU_LIMIT, REAPQ_PROVED, "over its CPU limit of 2 s");
	/* each of its processes below the limit: who sent it is not known */
	e.waited_cpu_ms = 1500;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGXCPU");
	e.waited_cpu_ms = 0;
	e.usage.user_ms = 1700;
	expect(
	    &e, REAPQ_V_CPU_LIMIT, REAPQ_LIKELY, "probably over its CPU limit of 2 s");
	e.usage.user_ms = 500;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGXCPU");
	e.limits.cpu_ms = -1;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGXCPU");
	e = died_of(SIGKILL);
	e.limits.cpu_ms = 2000;
	e.usage.user_ms = 3000;
	expect(&e, REAPQ_V_CPU_LIMIT, REAPQ_LIKELY, "probably over its CPU limit");
	/* between the two limits: the kernel's ticks ran ahead of what really ran */
	e.usage.user_ms = 2000;
	expect(&e, REAPQ_V_CPU_LIMIT, REAPQ_LIKELY, "probably over its CPU limit");
	e.usage.user_ms = 1900;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "not visible");
}

/* Its own word for the sender counts only where the usage bears it out. */
static void
test_judge_crash_record(void **state)
{
	struct judge_evidence e = died_of(SIGXCPU);
	struct crash_record r;

	(void)state;
	memset(&r, 0, sizeof(r));
	r.seen = r.whole = true;
	r.signal = SIGXCPU;
	r.code = SI_KERNEL;
	r.pid = 7;
	r.sender_pid = -1;
	e.crash = &r;
	e.limits.cpu_ms = 2000;
	e.usage.user_ms = 1700;
	expect(&e, REAPQ_V_CPU_LIMIT, REAPQ_PROVED, ": over its CPU limit of 2 s");
	e.usage.user_ms = 900;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGXCPU");
	r.code = SI_USER;
	r.sender_pid = 4711;
	e.usage.user_ms = 1999;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "sent by process 4711 of user 0");
	e = died_of(SIGSEGV);
	e.crash = &r;
	r.signal = SIGSEGV;
	r.code = SEGV_MAPERR;
	r.sender_pid = -1;
	strcpy(r.note, "parsing row 81234");
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED,
	    "killed by SIGSEGV: null pointer: access to address 0x0 after 0.31 s");
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "; last note: parsing row 81234");
	e = died_of(SIGKILL);
	e.crash = &r;
	r.seen = false;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "; last note: parsing row 81234");
}

static void
test_judge_file_size_and_memory(void **state)
{
	struct judge_evidence e = died_of(SIGXFSZ);
	struct crash_record r = {.seen = true, .signal = SIGXFSZ, .pid = 77};

	(void)state;
	r.sender_pid = -1;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGXFSZ");
	e.limits.file_size = 4096;
	expect(&e, REAPQ_V_FILE_SIZE_LIMIT, REAPQ_LIKELY,
	    "it probably wrote a file past its limit of 4 KiB");
	e.crash = &r;
	expect(&e, REAPQ_V_FILE_SIZE_LIMIT, REAPQ_PROVED,
	    "it wrote a file past its limit of 4 KiB");
	r.sender_pid = 4711;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "sent by process 4711");
	r.sender_pid = r.pid;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "it sent the signal to itself");
	e = died_of(SIGABRT);
	e.memory_rlimit = true;
	e.limits.memory = 64 << 20;
	e.usage.peak_memory = e.max_rss = 60 << 20;
	expect(
	    &e, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY, "probably over its memory limit");
	e.usage.peak_memory = e.max_rss = 40 << 20;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGABRT");
	e = died_of(SIGKILL);
	e.limits.memory = 64 << 20;
	e.usage.peak_memory = e.max_rss = 63 << 20;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "not visible");
	/* without the rlimit nothing was refused to it */
	e = died_of(SIGABRT);
	e.limits.memory = 64 << 20;
	e.usage.peak_memory = e.max_rss = 63 << 20;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGABRT");
	/* an exit is an exit, whatever its memory was; the message tells */
	e = exited(1);
	e.limits.memory = 64 << 20;
	e.usage.peak_memory = e.max_rss = 63 << 20;
	expect(
	    &e, REAPQ_V_EXIT, REAPQ_PROVED, "its memory had reached 63 MiB of 64 MiB");
}

static void
test_judge_counts_what_was_left_behind(void **state)
{
	struct judge_evidence e = exited(0);

	(void)state;
	e.done = true;
	e.leftover_processes = 1;
	expect(&e, REAPQ_V_OK, REAPQ_PROVED,
	    "1 process that it left behind had to be killed");
	e.leftover_processes = 3;
	expect(&e, REAPQ_V_OK, REAPQ_PROVED, "3 processes that it left behind");
}

static void
test_judge_not_started(void **state)
{
	struct judge_finding f;

	(void)state;
	judge_not_started("no handler 'x'", &f);
	assert_int_equal(f.verdict, REAPQ_V_NOT_STARTED);
	assert_int_equal(f.certainty, REAPQ_PROVED);
	assert_string_equal(f.message, "no handler 'x'");
	assert_int_equal(f.evidence_count, 1);
	assert_string_equal(f.evidence[0].after, "no handler 'x'");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_judge_answers_of_a_handler),
	    cmocka_unit_test(test_judge_a_result_does_not_excuse_a_crash),
	    cmocka_unit_test(test_judge_a_broken_stream_is_no_result),
	    cmocka_unit_test(test_judge_exec),
	    cmocka_unit_test(test_judge_signals),
	    cmocka_unit_test(test_judge_our_own_kills),
	    cmocka_unit_test(test_judge_cpu_limit_needs_the_usage),
	    cmocka_unit_test(test_judge_crash_record),
	    cmocka_unit_test(test_judge_file_size_and_memory),
	    cmocka_unit_test(test_judge_counts_what_was_left_behind),
	    cmocka_unit_test(test_judge_not_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
