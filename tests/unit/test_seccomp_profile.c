/* What a profile may say, and that it becomes a program. */
#include "seccomp_profile.h"

#include "cmocka_all.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
refused(const char *text, const char *words)
{
	static struct seccomp_profile p;
	struct reapq_error err = REAPQ_ERROR_INIT;

	memset(&p, 0, sizeof(p));
	assert_int_equal(seccomp_profile_parse(&p, text, &err), REAPQ_EINVAL);
	if (strstr(err.msg, words) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", err.msg, words);
}

static void
test_lines(void **state)
{
	static struct seccomp_profile p;

	(void)state;
	memset(&p, 0, sizeof(p));
	assert_int_equal(
	    seccomp_profile_parse(&p,
		"# what we never do\n\n  ptrace # traces\n\tmount\nptrace\nmount",
		NULL),
	    0);
	assert_int_equal(p.calls_n, 2);
	assert_false(p.no_namespaces);
	assert_false(p.no_network);
}

static void
test_bad_lines(void **state)
{
	(void)state;
	refused("mount\nptraec\n", "line 2: no system call is called 'ptraec'");
	refused("mount ptrace\n", "line 1: one name a line");
	refused("@most\n", "no system call is called '@most'");
	refused("\nwrite", "line 2: 'write' cannot be denied");
	refused("execve", "cannot be denied");
	refused("rseq", "cannot be denied");
}

static void
test_includes(void **state)
{
	static struct seccomp_profile a, b;

	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	assert_int_equal(seccomp_profile_parse(&a, "@default", NULL), 0);
	assert_true(a.calls_n > 40);
	assert_true(a.no_namespaces);
	assert_false(a.no_network);
	assert_int_equal(seccomp_profile_parse(&b, "ptrace\n@strict\nkill\n", NULL), 0);
	assert_true(b.calls_n > a.calls_n);
	assert_true(b.no_namespaces);
	assert_true(b.no_network);
}

/* All numbers of libseccomp's: more than any list can hold. */
static void
test_too_many(void **state)
{
	static struct seccomp_profile p;
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	memset(&p, 0, sizeof(p));
	for (size_t i = 0; i < SECCOMP_PROFILE_CALLS_MAX; i++)
		p.calls[i] = 1000000 + (int)i;
	p.calls_n = SECCOMP_PROFILE_CALLS_MAX;
	assert_int_equal(seccomp_profile_parse(&p, "ptrace", &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "more than 512"));
}

static void
compiles(const char *spec)
{
	static struct seccomp_profile p;
	static struct sock_filter filter[4096];
	struct reapq_error err = REAPQ_ERROR_INIT;
	size_t n = 0;

	assert_int_equal(seccomp_profile_load(&p, spec, &err), 0);
	assert_string_equal(p.name, spec);
	assert_int_equal(seccomp_profile_compile(&p, filter, 4096, &n, &err), 0);
	assert_true(n > 50);
	assert_true(n < 4096);
	assert_int_equal(
	    seccomp_profile_compile(&p, filter, n - 1, &n, &err), REAPQ_ESYS);
	assert_non_null(strstr(err.msg, spec));
}

static void
test_built_in(void **state)
{
	(void)state;
	compiles("default");
	compiles("strict");
}

static void
test_files(void **state)
{
	static struct seccomp_profile p;
	char path[] = "/tmp/reapq-profile-XXXXXX";
	struct reapq_error err = REAPQ_ERROR_INIT;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(seccomp_profile_load(&p, path, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "denies nothing"));
	assert_int_equal(write(fd, "kill\nmount\n", 11), 11);
	assert_int_equal(seccomp_profile_load(&p, path, &err), 0);
	assert_string_equal(p.name, path + 5);
	assert_int_equal(p.calls_n, 2);
	assert_int_equal(write(fd, "nonsense\n", 9), 9);
	assert_int_equal(seccomp_profile_load(&p, path, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, path));
	assert_non_null(strstr(err.msg, "line 3"));
	assert_int_equal(write(fd, "\0x", 2), 2);
	assert_int_equal(seccomp_profile_load(&p, path, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "is not a text file"));
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(seccomp_profile_load(&p, path, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "larger than"));
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(seccomp_profile_load(&p, path, &err), REAPQ_ESYS);
	assert_int_equal(seccomp_profile_load(&p, "lax", &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "'lax' is not default, strict, or a file"));
}

static void
test_names(void **state)
{
	char buf[64];

	(void)state;
#if defined(__x86_64__)
	assert_string_equal(
	    seccomp_profile_call_name(101, -1, buf, sizeof(buf)), "ptrace (101)");
	/* AUDIT_ARCH_I386 */
	assert_string_equal(
	    seccomp_profile_call_name(26, 0x40000003, buf, sizeof(buf)), "ptrace (26)");
#endif
	assert_string_equal(
	    seccomp_profile_call_name(99999, -1, buf, sizeof(buf)), "99999");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_bad_lines),
	    cmocka_unit_test(test_includes),
	    cmocka_unit_test(test_too_many),
	    cmocka_unit_test(test_built_in),
	    cmocka_unit_test(test_files),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
