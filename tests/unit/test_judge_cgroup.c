/* The rows of the verdict table that need a cgroup's counters, each by itself. */
#include "judge.h"

#include "cmocka_all.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define MIB ((int64_t)1 << 20)

static const struct cgroup_counters zero = {0, 0, 0, 0, 0, 1, 0, 0, 0};

/* Killed with a limit of 64 MiB, in a cgroup v2 of its own whose counters stand still. */
static struct judge_evidence
killed_on_a(void)
{
	struct judge_evidence e;

	memset(&e, 0, sizeof(e));
	e.wait_code = CLD_KILLED;
	e.wait_status = SIGKILL;
	e.text = e.intent_text = "";
	e.host = "web7";
	e.pid = 4711;
	e.limits = (struct reapq_limits){-1, -1, -1, -1, -1, -1, -1, -1, 1000, 1000};
	e.limits.memory = 64 * MIB;
	e.usage.wall_ms = 310;
	e.cgroup.own = e.cgroup.shared = e.cgroup.v2 = e.cgroup.group_kill = true;
	e.cgroup.has_peak = true;
	e.cgroup.before = e.cgroup.after = zero;
	e.cgroup.shared_before = e.cgroup.shared_after = zero;
	e.cgroup.after.peak = 64 * MIB;
	e.cgroup.killed = 1;
	return e;
}

static struct judge_evidence
oom_on_a(void)
{
	struct judge_evidence e = killed_on_a();

	e.cgroup.after.oom_kill = e.cgroup.after.oom = 2;
	e.cgroup.after.oom_group_kill = 1;
	return e;
}

/* The kernel's log is the witness. */
static struct judge_evidence
oom_on_b(void)
{
	struct judge_evidence e = killed_on_a();

	e.cgroup.v2 = e.cgroup.group_kill = false;
	e.cgroup.before.oom = e.cgroup.after.oom = -1;
	e.cgroup.before.oom_group_kill = e.cgroup.after.oom_group_kill = -1;
	e.cgroup.after.oom_kill = 1;
	e.cgroup.after.failcnt = 900;
	e.cgroup.logged = JUDGE_LOGGED_CGROUP;
	return e;
}

static struct judge_evidence
killed_on_c(int64_t shared_kills, int killed)
{
	struct judge_evidence e = killed_on_a();

	e.cgroup.own = e.cgroup.group_kill = e.cgroup.has_peak = false;
	e.cgroup.before.oom_kill = e.cgroup.after.oom_kill = -1;
	e.cgroup.shared_after.oom_kill = shared_kills;
	e.cgroup.killed = killed;
	e.limits.memory = -1;
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
test_row_7_own_limit_v2(void **state)
{
	struct judge_evidence e = oom_on_a();

	(void)state;
	expect(&e, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED,
	    "over its memory limit of 64 MiB, with a peak of 64 MiB: killed by the "
	    "kernel's OOM killer in its own cgroup");
	/* before 5.17 there is no such counter, and oom.group holds all the same */
	e.cgroup.before.oom_group_kill = e.cgroup.after.oom_group_kill = -1;
	expect(&e, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED, "over its memory limit");
	/* the victim may have been another process in there */
	e.cgroup.group_kill = false;
	expect(
	    &e, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY, "probably over its memory limit");
	e.cgroup.alone = true;
	expect(&e, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED, "over its memory limit");
}

/* Killed from outside, it left a process that ran out of memory before this worker
 * looked: its counters then are those of a task that was killed whole. */
static void
test_row_7_company_may_be_the_victim(void **state)
{
	struct judge_evidence e = oom_on_a();

	(void)state;
	e.cgroup.others_killed = 1;
	expect(
	    &e, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY, "probably over its memory limit");
	e.cgroup.logged = JUDGE_LOGGED_CGROUP;
	expect(&e, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED, "over its memory limit");
	e.cgroup.logged = JUDGE_NOT_LOGGED;
	e.cgroup.after.oom = 0;
	expect(&e, REAPQ_V_OOM, REAPQ_LIKELY, "which of the processes in its cgroup");
}

static void
test_row_8_oom_outside(void **state)
{
	struct judge_evidence e = oom_on_a();

	(void)state;
	e.cgroup.after.oom = 0;
	expect(&e, REAPQ_V_OOM, REAPQ_PROVED, "not by its own limit: the machine");
	e.cgroup.shared_after.oom = 1;
	expect(&e, REAPQ_V_OOM, REAPQ_PROVED, "(the container) ran out of memory");
	e.cgroup.group_kill = false;
	expect(&e, REAPQ_V_OOM, REAPQ_LIKELY, "which of the processes in its cgroup");
	e = oom_on_b();
	e.cgroup.logged = JUDGE_LOGGED_MACHINE;
	expect(&e, REAPQ_V_OOM, REAPQ_PROVED, "; the machine ran out of memory");
}

static void
test_row_9_own_limit_v1(void **state)
{
	struct judge_evidence e = oom_on_b();

	(void)state;
	expect(&e, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED, "with a peak of 64 MiB");
	/* the page cache raises failcnt too, so that another limit may have been it */
	e.cgroup.after.peak = 40 * MIB;
	expect(
	    &e, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY, "probably over its memory limit");
	e = oom_on_b();
	e.cgroup.shared_after.failcnt = 1;
	expect(
	    &e, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY, "probably over its memory limit");
	e = oom_on_b();
	e.cgroup.logged = JUDGE_NOT_LOGGED;
	expect(
	    &e, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY, "probably over its memory limit");
	e = oom_on_b();
	e.cgroup.after.failcnt = 0;
	expect(&e, REAPQ_V_OOM, REAPQ_PROVED, "not by its own limit");
	e = oom_on_b();
	e.limits.memory = -1;
	expect(&e, REAPQ_V_OOM, REAPQ_PROVED, "not by its own limit");
}

static void
test_row_6_stopped_and_killed(void **state)
{
	struct judge_evidence e = oom_on_a();

	(void)state;
	e.intent = JUDGE_TIME_LIMIT;
	e.limits.time_ms = 300;
	/* our SIGTERM does not look like a SIGKILL */
	expect(&e, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED, "over its memory limit");
	e.killed = true;
	expect(&e, REAPQ_V_MEMORY_LIMIT, REAPQ_LIKELY, "which came first is not known");
	/* who cancels wants to hear that it is cancelled */
	e.intent = JUDGE_CANCEL;
	expect(&e, REAPQ_V_CANCELLED, REAPQ_PROVED, "cancelled");
}

static void
test_row_5_by_the_watch(void **state)
{
	struct judge_evidence e = killed_on_c(0, 0);

	(void)state;
	e.limits.memory = 64 * MIB;
	e.intent = JUDGE_MEMORY_WATCH;
	e.killed = true;
	e.cgroup.measured = 70 * MIB;
	expect(&e, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED,
	    "over its memory limit of 64 MiB: its processes held 70 MiB");
	e.intent = JUDGE_CPU_WATCH;
	e.limits.cpu_ms = 1000;
	e.cgroup.measured_cpu_ms = 2200;
	expect(&e, REAPQ_V_CPU_LIMIT, REAPQ_PROVED, "2.2 s used by its processes");
}

static void
test_rows_10_and_11_shared_counter(void **state)
{
	struct judge_evidence e = killed_on_c(1, 1);

	(void)state;
	expect(&e, REAPQ_V_OOM, REAPQ_LIKELY,
	    "probably killed by the kernel's OOM killer");
	e = killed_on_c(2, 2);
	expect(&e, REAPQ_V_OOM, REAPQ_LIKELY, "as many as the tasks that died so");
	/* one was killed, two died so: which of them? */
	e = killed_on_c(1, 2);
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN,
	    "1 OOM kill was counted in the cgroup that all tasks share, and 2 tasks");
	e = killed_on_c(3, 1);
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "3 OOM kills were counted");
}

static void
test_row_13_systemd_oomd(void **state)
{
	struct judge_evidence e = killed_on_a();

	(void)state;
	e.cgroup.after.oomd_ooms = 1;
	expect(&e, REAPQ_V_OOM, REAPQ_PROVED,
	    "killed by systemd-oomd after 0.31 s on web7; it marked the task's own "
	    "cgroup");
	/* it counts what it killed a moment later, and on a slot used before */
	e.cgroup.before.oomd_ooms = 1;
	e.cgroup.before.oomd_kill = 2;
	e.cgroup.after.oomd_kill = 5;
	expect(&e, REAPQ_V_OOM, REAPQ_PROVED, "killed by systemd-oomd");
	/* other tasks' deaths by the kernel do not matter to a cgroup of its own */
	e.cgroup.shared_after.oom_kill = e.cgroup.killed = 1;
	expect(&e, REAPQ_V_OOM, REAPQ_PROVED, "killed by systemd-oomd");
	/* without a memory counter too: A0 */
	e.cgroup.own = false;
	e.cgroup.shared_after.oom_kill = 0;
	expect(&e, REAPQ_V_OOM, REAPQ_PROVED, "killed by systemd-oomd");
	/* marks from before it are another task's */
	e.cgroup.before = e.cgroup.after;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "killed by SIGKILL");
	/* the kernel's own count comes first */
	e = oom_on_a();
	e.cgroup.after.oomd_ooms = 1;
	expect(&e, REAPQ_V_MEMORY_LIMIT, REAPQ_PROVED, "the kernel's OOM killer");
	/* and a kill of ours */
	e = killed_on_a();
	e.cgroup.after.oomd_ooms = 1;
	e.killed = true;
	e.intent = JUDGE_CANCEL;
	expect(&e, REAPQ_V_CANCELLED, REAPQ_PROVED, "cancelled");
	/* it kills by SIGKILL only; and where marks cannot be read, nothing rose */
	e = killed_on_a();
	e.cgroup.after.oomd_ooms = 1;
	e.wait_status = SIGTERM;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_PROVED, "killed by SIGTERM");
	e.wait_status = SIGKILL;
	e.cgroup.before.oomd_ooms = -1;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "killed by SIGKILL");
}

static void
test_row_13_the_whole_unit(void **state)
{
	struct judge_evidence e = killed_on_c(0, 1);

	(void)state;
	e.cgroup.shared_after.oomd_ooms = 1;
	expect(&e, REAPQ_V_OOM, REAPQ_LIKELY,
	    "probably killed by systemd-oomd after 0.31 s on web7; it marked the "
	    "cgroup "
	    "of this worker");
	/* two explanations: the kernel's counter is the nearer one */
	e.cgroup.shared_after.oom_kill = 1;
	expect(&e, REAPQ_V_OOM, REAPQ_LIKELY, "the kernel's OOM killer");
	e.cgroup.killed = 3;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "killed by SIGKILL");
	e = killed_on_c(0, 1);
	e.cgroup.shared_after.oomd_ooms = 1;
	e.cgroup.shared = false;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "killed by SIGKILL");
}

static void
test_row_14_from_outside(void **state)
{
	struct judge_evidence e = killed_on_a();

	(void)state;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "not by the kernel's OOM killer");
	e.cgroup.after.oom_kill = -1;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "sender of a SIGKILL is not visible");
	e = killed_on_c(0, 1);
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "not by the kernel's OOM killer");
	e.cgroup.shared = false;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "sender of a SIGKILL is not visible");
	/* a cgroup's peak is full of page cache: no sign of a limit */
	e = killed_on_a();
	e.usage.peak_memory = e.max_rss = 64 * MIB;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "killed by SIGKILL");
	/* the hard limit of CPU time comes first */
	e.limits.cpu_ms = 1000;
	e.usage.user_ms = 2010;
	expect(&e, REAPQ_V_CPU_LIMIT, REAPQ_LIKELY, "probably over its CPU limit");
}

static void
test_row_3_a_process_of_its_own(void **state)
{
	struct judge_evidence e = oom_on_a();

	(void)state;
	e.wait_code = CLD_EXITED;
	e.wait_status = 3;
	e.cgroup.after.oom_kill = 1;
	expect(&e, REAPQ_V_EXIT, REAPQ_PROVED,
	    "; 1 process that it had started was killed by the kernel's OOM killer");
	e.wait_status = 0;
	e.done = true;
	expect(&e, REAPQ_V_OK, REAPQ_PROVED, "; 1 process that it had started was");
	/* a signal of another kind is not the OOM killer's */
	e = oom_on_a();
	e.wait_status = SIGSEGV;
	expect(
	    &e, REAPQ_V_SIGNAL, REAPQ_PROVED, "2 processes that it had started were");
}

static void
test_row_24_forks_refused(void **state)
{
	struct judge_evidence e = killed_on_a();

	(void)state;
	e.wait_code = CLD_EXITED;
	e.wait_status = 254;
	e.limits.processes = 10;
	e.cgroup.after.pids_max = 4;
	expect(&e, REAPQ_V_PROCESS_LIMIT, REAPQ_LIKELY,
	    "exited with status 254 after 0.31 s on web7; its limit of 10 processes "
	    "had "
	    "refused it 4 forks");
	e.wait_status = 0;
	e.done = true;
	expect(&e, REAPQ_V_OK, REAPQ_PROVED, "returned");
	/* nobody sends SIGKILL for a fork */
	e = killed_on_a();
	e.cgroup.after.pids_max = 4;
	expect(&e, REAPQ_V_SIGNAL, REAPQ_UNKNOWN, "killed by SIGKILL");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_row_3_a_process_of_its_own),
	    cmocka_unit_test(test_row_5_by_the_watch),
	    cmocka_unit_test(test_row_6_stopped_and_killed),
	    cmocka_unit_test(test_row_7_own_limit_v2),
	    cmocka_unit_test(test_row_7_company_may_be_the_victim),
	    cmocka_unit_test(test_row_8_oom_outside),
	    cmocka_unit_test(test_row_9_own_limit_v1),
	    cmocka_unit_test(test_rows_10_and_11_shared_counter),
	    cmocka_unit_test(test_row_13_systemd_oomd),
	    cmocka_unit_test(test_row_13_the_whole_unit),
	    cmocka_unit_test(test_row_14_from_outside),
	    cmocka_unit_test(test_row_24_forks_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
