/* Row 17 of the verdict table: SIGSYS, with a crash record and without. */
#include "judge.h"

#include "cmocka_all.h"
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define FROM_FILTER 1 /* SYS_SECCOMP */

static struct crash_record record;

static struct judge_evidence
killed_by_sigsys(void)
{
	struct judge_evidence e;

	memset(&record, 0, sizeof(record));
	record.seen = record.whole = true;
	record.signal = SIGSYS;
	record.code = FROM_FILTER;
	record.pid = 4711;
	record.sender_pid = -1;
	record.syscall = SYS_ptrace;
	record.arch = -1;
	memset(&e, 0, sizeof(e));
	e.wait_code = CLD_KILLED;
	e.wait_status = SIGSYS;
	e.text = e.intent_text = e.err = "";
	e.host = "web7";
	e.pid = 4711;
	e.limits = (struct reapq_limits){-1, -1, -1, -1, -1, -1, -1, -1, 1000, 1000};
	e.usage.wall_ms = 310;
	e.seccomp = "default";
	e.crash = &record;
	return e;
}

static void
expect(const struct judge_evidence *e, enum reapq_certainty c, const char *words,
    const char *evidence)
{
	struct judge_finding f;
	bool found = false;

	judge(e, &f);
	assert_string_equal(reapq_verdict_name(f.verdict), "signal");
	assert_string_equal(reapq_certainty_name(f.certainty), reapq_certainty_name(c));
	if (strstr(f.message, words) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", f.message, words);
	for (size_t i = 0; i < f.evidence_count; i++) {
		if (strcmp(f.evidence[i].source, "seccomp") != 0)
			continue;
		found = true;
		if (evidence == NULL || strcmp(f.evidence[i].after, evidence) != 0)
			fail_msg("evidence: %s", f.evidence[i].after);
	}
	assert_int_equal(found, evidence != NULL);
}

static void
test_with_a_record(void **state)
{
	struct judge_evidence e = killed_by_sigsys();

	(void)state;
	expect(&e, REAPQ_PROVED,
	    "killed by SIGSYS: the seccomp profile default does not allow the system "
	    "call ptrace (",
	    "ptrace (101); profile in force: default");
	e.wait_code = CLD_DUMPED;
	expect(&e, REAPQ_PROVED, "does not allow the system call ptrace",
	    "ptrace (101); profile in force: default");
	/* memory is no reason for this one */
	e.limits.memory = 1000;
	e.max_rss = 1000;
	e.memory_rlimit = true;
	expect(&e, REAPQ_PROVED, "does not allow the system call ptrace",
	    "ptrace (101); profile in force: default");
}

static void
test_somebody_elses_filter(void **state)
{
	struct judge_evidence e = killed_by_sigsys();

	(void)state;
	e.seccomp = NULL;
	expect(&e, REAPQ_PROVED, "a seccomp filter that is not this worker's",
	    "ptrace (101); profile in force: none of this worker's");
}

static void
test_without_a_record(void **state)
{
	struct judge_evidence e = killed_by_sigsys();

	(void)state;
	record.seen = false;
	expect(&e, REAPQ_LIKELY, "probably a system call that the seccomp profile",
	    "not visible; profile in force: default");
	e.crash = NULL;
	e.is_exec = true;
	expect(&e, REAPQ_LIKELY, "a command leaves no crash record",
	    "not visible; profile in force: default");
	/* and with no profile nothing hints at a filter of ours */
	e.seccomp = NULL;
	expect(&e, REAPQ_PROVED, "killed by SIGSYS after", NULL);
}

static void
test_raised_or_sent(void **state)
{
	struct judge_evidence e = killed_by_sigsys();

	(void)state;
	record.code = SI_TKILL;
	record.sender_pid = record.pid;
	expect(&e, REAPQ_PROVED, "it sent the signal to itself", NULL);
	record.code = SI_USER;
	record.sender_pid = 1;
	expect(&e, REAPQ_PROVED, "sent by process 1", NULL);
	/* another signal is none of the profile's */
	e = killed_by_sigsys();
	e.wait_status = record.signal = SIGSEGV;
	expect(&e, REAPQ_PROVED, "killed by SIGSEGV", NULL);
	e.wait_code = CLD_EXITED;
	record.seen = false;
	e.wait_status = SIGSYS;
	struct judge_finding f;
	judge(&e, &f);
	assert_string_equal(reapq_verdict_name(f.verdict), "exit");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_with_a_record),
	    cmocka_unit_test(test_somebody_elses_filter),
	    cmocka_unit_test(test_without_a_record),
	    cmocka_unit_test(test_raised_or_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
