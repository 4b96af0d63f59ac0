/*
 * Workers that start at the same moment: each sweeps what dead ones left, and must not
 * lose its own new directory to the others. Ordinary directories stand for cgroups.
 */
#include "cgroup_dir.h"

#include "cmocka_all.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORKERS = 6,
	STARTS = 300
};

static char parent[64];

static int
setup(void **state)
{
	(void)state;
	snprintf(parent, sizeof(parent), "/tmp/reapq-test-XXXXXX");
	return mkdtemp(parent) == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	return rmdir(parent); /* fails if anything was left in it */
}

/* How many of its starts found no directory. */
static _Noreturn void
start_often(int number)
{
	char name[16];
	int failed = 0;

	snprintf(name, sizeof(name), "w%d", number);
	for (int i = 0; i < STARTS; i++) {
		struct cgroup_dir home = CGROUP_DIR_NONE;
		struct stat st;

		cgroup_dir_sweep(parent);
		if (cgroup_dir_make_home(&home, parent, name, NULL) != 0 ||
		    stat(home.path, &st) != 0)
			failed++;
		cgroup_dir_remove(&home);
	}
	_exit(failed > 100 ? 100 : failed);
}

static void
test_cgroup_dir_race(void **state)
{
	pid_t pids[WORKERS];
	int status, failed = 0;

	(void)state;
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			start_often(i);
	}
	for (int i = 0; i < WORKERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		failed += WEXITSTATUS(status);
	}
	assert_int_equal(failed, 0);
}

static void
test_cgroup_dir_sweep(void **state)
{
	struct cgroup_dir home = CGROUP_DIR_NONE;
	char path[96], stranger[96];

	(void)state;
	snprintf(path, sizeof(path), "%s/" CGROUP_DIR_PREFIX "dead", parent);
	snprintf(stranger, sizeof(stranger), "%s/other", parent);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(mkdir(stranger, 0755), 0);
	assert_int_equal(cgroup_dir_make_home(&home, parent, "live", NULL), 0);
	cgroup_dir_sweep(parent);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(home.path, F_OK), 0);
	assert_int_equal(rmdir(stranger), 0);
	cgroup_dir_remove(&home);
}

static void
test_cgroup_dir_no_parent(void **state)
{
	struct cgroup_dir home = CGROUP_DIR_NONE;
	char none[96];

	(void)state;
	snprintf(none, sizeof(none), "%s/none", parent);
	assert_true(cgroup_dir_make_home(&home, none, "w", NULL) < 0);
	assert_string_equal(home.path, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_cgroup_dir_sweep, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_cgroup_dir_no_parent, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_cgroup_dir_race, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
