/* test_cli_lines.c - input cut into lines, however it comes. */
#include "cmocka_all.h"

#include "lines.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct feeder {
	int write_fd;
	struct lines lines;
};

static void
start(struct feeder *f, int64_t max_len)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	f->write_fd = fds[1];
	f->lines = (struct lines){.fd = fds[0], .max_len = max_len};
}

static void
put(struct feeder *f, const char *text)
{
	assert_int_equal(write(f->write_fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(lines_read(&f->lines, NULL), 0);
}

static void
finish(struct feeder *f)
{
	assert_int_equal(close(f->write_fd), 0);
	assert_int_equal(lines_read(&f->lines, NULL), 0);
	assert_true(f->lines.ended);
}

static void
assert_line(struct feeder *f, const char *expected)
{
	const char *line;
	size_t len;

	assert_true(lines_next(&f->lines, &line, &len));
	assert_int_equal(len, strlen(expected));
	assert_memory_equal(line, expected, len);
}

static void
assert_none(struct feeder *f)
{
	const char *line;
	size_t len;

	assert_false(lines_next(&f->lines, &line, &len));
}

static void
stop(struct feeder *f)
{
	assert_int_equal(close(f->lines.fd), 0);
	lines_free(&f->lines);
}

static void
a_line_waits_for_its_newline(void **state)
{
	struct feeder f;

	(void)state;
	start(&f, 100);
	put(&f, "on");
	assert_none(&f);
	assert_none(&f);
	put(&f, "e\ntwo\nth");
	assert_line(&f, "one");
	assert_line(&f, "two");
	assert_none(&f);
	put(&f, "ree\n");
	assert_line(&f, "three");
	finish(&f);
	assert_none(&f);
	assert_int_equal(f.lines.count, 3);
	stop(&f);
}

static void
the_last_line_needs_none(void **state)
{
	struct feeder f;

	(void)state;
	start(&f, 100);
	put(&f, "a\nb");
	assert_line(&f, "a");
	assert_none(&f);
	finish(&f);
	assert_line(&f, "b");
	assert_none(&f);
	stop(&f);
}

static void
empty_lines_are_lines(void **state)
{
	struct feeder f;

	(void)state;
	start(&f, 100);
	put(&f, "\n\nx\n\n");
	assert_line(&f, "");
	assert_line(&f, "");
	assert_line(&f, "x");
	assert_line(&f, "");
	finish(&f);
	assert_none(&f);
	stop(&f);
}

static void
empty_input_has_no_line(void **state)
{
	struct feeder f;

	(void)state;
	start(&f, 100);
	finish(&f);
	assert_none(&f);
	stop(&f);
}

static void
an_endless_line_is_refused(void **state)
{
	struct feeder f;
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	start(&f, 8);
	put(&f, "123456789");
	assert_none(&f);
	assert_int_equal(lines_read(&f.lines, &err), REAPQ_ETOOBIG);
	assert_non_null(strstr(err.msg, "line 1 "));
	assert_int_equal(close(f.write_fd), 0);
	stop(&f);
}

static void
a_bad_descriptor_is_an_error(void **state)
{
	struct lines lines = {.fd = -1, .max_len = 8};
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	assert_int_equal(lines_read(&lines, &err), REAPQ_ESYS);
	assert_false(lines.ended);
	lines_free(&lines);
}

/* Random cuts of a random text give the same lines as the text whole. */
static void
cuts_do_not_matter(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 200; round++) {
		char text[400];
		struct buf joined = {0};
		struct feeder f;
		size_t len = 0, from = 0;
		const char *line;
		size_t n;

		while (len < sizeof text - 1)
			text[len++] =
			    (char)(rand_r(&seed) % 4 ? 'a' + rand_r(&seed) % 26 : '\n');
		text[len - 1] = '\n';
		text[len] = '\0';
		start(&f, 1000);
		while (from < len) {
			char piece[64];
			size_t take = 1 + (size_t)rand_r(&seed) % 60;

			take = take < len - from ? take : len - from;
			memcpy(piece, text + from, take);
			piece[take] = '\0';
			put(&f, piece);
			from += take;
			while (rand_r(&seed) % 3 && lines_next(&f.lines, &line, &n)) {
				assert_int_equal(
				    buf_addf(&joined, "%.*s\n", (int)n, line), 0);
			}
		}
		finish(&f);
		while (lines_next(&f.lines, &line, &n)) {
			assert_int_equal(buf_addf(&joined, "%.*s\n", (int)n, line), 0);
		}
		assert_string_equal(buf_str(&joined), text);
		buf_free(&joined);
		stop(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_waits_for_its_newline),
	    cmocka_unit_test(the_last_line_needs_none),
	    cmocka_unit_test(empty_lines_are_lines),
	    cmocka_unit_test(empty_input_has_no_line),
	    cmocka_unit_test(an_endless_line_is_refused),
	    cmocka_unit_test(a_bad_descriptor_is_an_error),
	    cmocka_unit_test(cuts_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
