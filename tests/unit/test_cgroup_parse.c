/* What the kernel writes about cgroups: what is missing is never taken for zero. */
#include "cgroup_parse.h"

#include "cmocka_all.h"
#include <string.h>

static const char events[] =
    "low 0\nhigh 0\nmax 17\noom 3\noom_kill 2\noom_group_kill 1\n";

static void
test_cgroup_parse_keys(void **state)
{
	(void)state;
	assert_int_equal(cgroup_parse_key(events, "oom"), 3);
	assert_int_equal(cgroup_parse_key(events, "oom_kill"), 2);
	assert_int_equal(cgroup_parse_key(events, "oom_group_kill"), 1);
	assert_int_equal(cgroup_parse_key(events, "max"), 17);
	assert_int_equal(cgroup_parse_key(events, "oom_k"), -1);
	assert_int_equal(cgroup_parse_key(events, "kill"), -1);
	assert_int_equal(cgroup_parse_key("", "oom"), -1);
	assert_int_equal(
	    cgroup_parse_key(
		"oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", "oom_kill"),
	    5);
	assert_int_equal(cgroup_parse_key("oom 12", "oom"), 12);
	assert_int_equal(cgroup_parse_key("oom \n", "oom"), -1);
	assert_int_equal(cgroup_parse_key("oom x\n", "oom"), -1);
	assert_int_equal(cgroup_parse_key("oom 99999999999999999999\n", "oom"), -1);
	assert_int_equal(
	    cgroup_parse_key("oom 000000000000000000000000000000000001\n", "oom"), -1);
}

static void
test_cgroup_parse_numbers(void **state)
{
	(void)state;
	assert_int_equal(cgroup_parse_number("0\n"), 0);
	assert_int_equal(cgroup_parse_number("67108864\n"), 67108864);
	assert_true(cgroup_parse_number("max\n") == INT64_MAX);
	assert_true(
	    cgroup_parse_number("9223372036854771712\n") == 9223372036854771712);
	assert_int_equal(cgroup_parse_number(""), -1);
	assert_int_equal(cgroup_parse_number("-1\n"), -1);
	assert_int_equal(cgroup_parse_number("maximum\n"), -1);
	assert_int_equal(cgroup_parse_number("12 34\n"), -1);
}

static void
test_cgroup_parse_words(void **state)
{
	(void)state;
	assert_true(cgroup_parse_has("cpuset cpu io memory pids\n", "memory"));
	assert_true(cgroup_parse_has("memory\n", "memory"));
	assert_true(cgroup_parse_has("cpuset cpu io memory pids\n", "pids"));
	assert_false(cgroup_parse_has("cpuset io\n", "cpu"));
	assert_false(cgroup_parse_has("\n", "memory"));
	assert_false(cgroup_parse_has("", "memory"));
}

static void
test_cgroup_parse_own_path(void **state)
{
	static const char hybrid[] = "9:name=systemd:/\n8:pids:/a\n4:memory:/b/c\n"
				     "3:cpu,cpuacct:/d\n0::/e\n";
	char path[16];

	(void)state;
	assert_true(cgroup_parse_self(hybrid, "memory", path, sizeof(path)));
	assert_string_equal(path, "/b/c");
	assert_true(cgroup_parse_self(hybrid, "cpuacct", path, sizeof(path)));
	assert_string_equal(path, "/d");
	assert_true(cgroup_parse_self(hybrid, "", path, sizeof(path)));
	assert_string_equal(path, "/e");
	assert_false(cgroup_parse_self(hybrid, "freezer", path, sizeof(path)));
	assert_false(cgroup_parse_self("0::/\n", "memory", path, sizeof(path)));
	assert_false(cgroup_parse_self("garbage\n", "", path, sizeof(path)));
	assert_false(
	    cgroup_parse_self("0::/a/path/that/is/too/long\n", "", path, sizeof(path)));
}

static void
test_cgroup_parse_mounts(void **state)
{
	static const char info[] =
	    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	    "35 31 0:32 /docker/x /sys/fs/cgroup/memory ro shared:3 - cgroup cg "
	    "rw,memory\n"
	    "33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
	    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
	char point[64], root[64];

	(void)state;
	assert_true(cgroup_parse_mount(info, "memory", point, root, sizeof(point)));
	assert_string_equal(point, "/sys/fs/cgroup/memory");
	assert_string_equal(root, "/docker/x");
	assert_true(cgroup_parse_mount(info, "cpuacct", point, root, sizeof(point)));
	assert_string_equal(point, "/sys/fs/cgroup/cpu");
	assert_true(cgroup_parse_mount(info, "", point, root, sizeof(point)));
	assert_string_equal(point, "/sys/fs/cgroup/unified");
	assert_string_equal(root, "/");
	assert_false(cgroup_parse_mount(info, "pids", point, root, sizeof(point)));
	assert_false(cgroup_parse_mount("", "", point, root, sizeof(point)));
	assert_false(cgroup_parse_mount("1 2 3 - cgroup2\n", "", point, root, 2));
}

static void
test_cgroup_parse_victims(void **state)
{
	int64_t us = 0;
	bool cgroup = false;

	(void)state;
	assert_int_equal(
	    cgroup_parse_oom_victim("3,914,5495467742,-;Memory cgroup out of memory: "
				    "Killed process 1432 (python3) total-vm:278712kB\n",
		&us, &cgroup),
	    1432);
	assert_true(us == 5495467742 && cgroup);
	assert_int_equal(
	    cgroup_parse_oom_victim(
		"3,9,17,-;Out of memory: Killed process 7 (x) a\n", &us, &cgroup),
	    7);
	assert_true(us == 17 && !cgroup);
	/* written by a program: its priority says so, kmsg(4) */
	assert_int_equal(
	    cgroup_parse_oom_victim(
		"11,9,17,-;Out of memory: Killed process 7 (x) a\n", &us, &cgroup),
	    0);
	/* in the name of a process, or quoted */
	assert_int_equal(cgroup_parse_oom_victim(
			     "3,9,17,-;segfault in Out of memory: Killed process 7 (\n",
			     &us, &cgroup),
	    0);
	assert_int_equal(
	    cgroup_parse_oom_victim(
		"3,9,17,-;Out of memory: Killed process x\n", &us, &cgroup),
	    0);
	assert_int_equal(cgroup_parse_oom_victim("", &us, &cgroup), 0);
	assert_int_equal(cgroup_parse_oom_victim(";", &us, &cgroup), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cgroup_parse_keys),
	    cmocka_unit_test(test_cgroup_parse_numbers),
	    cmocka_unit_test(test_cgroup_parse_words),
	    cmocka_unit_test(test_cgroup_parse_own_path),
	    cmocka_unit_test(test_cgroup_parse_mounts),
	    cmocka_unit_test(test_cgroup_parse_victims),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
