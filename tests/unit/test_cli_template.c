/* test_cli_template.c - where the input goes in the command of `reapq map`. */
#include "cmocka_all.h"

#include "buf.h"
#include "template.h"

#include <reapq/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *args[6];
	bool chunked;
	const char *text;
	const char *expected; /* the arguments, each in brackets */
};

static const struct row rows[] = {
    {{"sha1sum", "{}"}, false, "a b", "[sha1sum][a b]"},
    {{"sha1sum"}, false, "a b", "[sha1sum][a b]"},
    {{"echo", "<{}>", "{}", "{}{}"}, false, "x", "[echo][<x>][x][xx]"},
    {{"echo", "{}"}, false, "", "[echo][]"},
    {{"echo"}, false, "", "[echo][]"},
    {{"echo", "{}"}, false, "{}", "[echo][{}]"},
    {{"echo", "{", "}"}, false, "x", "[echo][{][}][x]"},
    {{"echo", "{{}}"}, false, "x", "[echo][{x}]"},
    {{"{}"}, false, "true", "[true]"},
    {{"cat", "{}", "end"}, true, "a\nb\nc", "[cat][a][b][c][end]"},
    {{"cat"}, true, "a\nb", "[cat][a][b]"},
    {{"cat", "{}", "{}"}, true, "a\nb", "[cat][a][b][a][b]"},
    {{"cat"}, true, "a", "[cat][a]"},
    {{"cat"}, true, "\n\n", "[cat][][][]"},
    {{"cat"}, true, "", "[cat][]"},
};

static size_t
count(const char *const *args)
{
	size_t n = 0;

	while (args[n])
		n++;
	return n;
}

static void
input_takes_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct template t = {.args = rows[i].args,
		    .args_n = count(rows[i].args),
		    .chunked = rows[i].chunked};
		struct buf text = {0};
		const char **argv;

		assert_int_equal(template_check(&t, NULL), 0);
		assert_int_equal(template_expand(&t, rows[i].text, strlen(rows[i].text),
				     &argv, NULL),
		    0);
		for (size_t j = 0; argv[j]; j++)
			assert_int_equal(buf_addf(&text, "[%s]", argv[j]), 0);
		assert_string_equal(buf_str(&text), rows[i].expected);
		buf_free(&text);
		free(argv);
	}
}

static void
a_nul_byte_is_refused(void **state)
{
	const char *const args[] = {"cat"};
	struct template t = {.args = args, .args_n = 1};
	const char **argv = NULL;

	(void)state;
	assert_int_equal(template_expand(&t, "a\0b", 3, &argv, NULL), REAPQ_EINVAL);
	assert_null(argv);
}

static void
several_lines_do_not_fit_into_one_argument(void **state)
{
	const char *const args[] = {"cat", "x{}"};
	struct template t = {.args = args, .args_n = 2, .chunked = true};
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	assert_int_equal(template_check(&t, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "x{}"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(input_takes_its_place),
	    cmocka_unit_test(a_nul_byte_is_refused),
	    cmocka_unit_test(several_lines_do_not_fit_into_one_argument),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
