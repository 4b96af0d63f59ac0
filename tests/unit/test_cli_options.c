/* test_cli_options.c - command lines of `reapq` as they are read. */
#include "cmocka_all.h"

#include "buf.h"
#include "flags.h"
#include "options.h"

#include <stdlib.h>
#include <string.h>

#define ALL (~0u)

/* A line of words, read as a command's; the words live as long as the test. */
struct line {
	char text[512];
	char *argv[32];
	int argc;
	struct options opts;
	struct reapq_error err;
};

static int
read_line(struct line *l, enum options_style style, const char *text)
{
	char *save = NULL;

	memset(l, 0, sizeof *l);
	assert_int_equal(options_init(&l->opts, NULL), 0);
	assert_true(strlen(text) < sizeof l->text);
	memcpy(l->text, text, strlen(text) + 1);
	l->argv[l->argc++] = l->text;
	strtok_r(l->text, " ", &save);
	while (l->argc < 30 && (l->argv[l->argc] = strtok_r(NULL, " ", &save)))
		l->argc++;
	return options_parse(&l->opts, ALL, style, l->argc, l->argv, &l->err);
}

static void
assert_args(const struct line *l, const char *expected)
{
	struct buf text = {0};

	for (size_t i = 0; i < l->opts.args_n; i++)
		assert_int_equal(
		    buf_addf(&text, "%s%s", i ? " " : "", l->opts.args[i]), 0);
	assert_string_equal(buf_str(&text), expected);
	buf_free(&text);
	assert_null(l->opts.args[l->opts.args_n]);
}

static void
flags_stand_anywhere_around_a_handler(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "call --memory 2M echo --json hi --tag x"),
	    0);
	assert_args(&l, "echo hi");
	assert_false(l.opts.command);
	assert_true(l.opts.json);
	assert_string_equal(l.opts.task.tag, "x");
	assert_int_equal(l.opts.task.limits.memory, 2 << 20);
}

static void
a_command_stands_after_dashes(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "submit --json -- ls --json -l"), 0);
	assert_args(&l, "ls --json -l");
	assert_true(l.opts.command);

	/* The value of a flag is no such thing, whatever it looks like. */
	assert_int_equal(read_line(&l, OPTIONS_ANYWHERE, "submit --tag -- echo"), 0);
	assert_args(&l, "echo");
	assert_false(l.opts.command);
}

static void
after_a_handler_dashes_only_end_the_flags(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(read_line(&l, OPTIONS_ANYWHERE, "submit echo -- --json"), 0);
	assert_args(&l, "echo --json");
	assert_false(l.opts.command);
	assert_false(l.opts.json);
}

static void
a_lone_dash_is_an_argument(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(read_line(&l, OPTIONS_ANYWHERE, "call echo - --json"), 0);
	assert_args(&l, "echo -");
	assert_true(l.opts.json);
}

static void
flags_first_ends_at_the_command(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(read_line(&l, OPTIONS_FIRST, "run --json ls --memory -l"), 0);
	assert_args(&l, "ls --memory -l");
	assert_true(l.opts.json);
	assert_int_equal(read_line(&l, OPTIONS_FIRST, "run -- --json"), 0);
	assert_args(&l, "--json");
	assert_false(l.opts.json);
}

static void
zero_is_not_the_default(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(read_line(&l, OPTIONS_ANYWHERE,
			     "call x --max-lost 0 --retry-delay 0 --timeout 0"),
	    0);
	assert_int_equal(l.opts.task.max_lost, REAPQ_MAX_LOST_NONE);
	assert_int_equal(l.opts.task.retry_delay_ms, 1);
	assert_int_equal(l.opts.timeout_ms, 0);
	assert_int_equal(read_line(&l, OPTIONS_ANYWHERE, "call x"), 0);
	assert_int_equal(l.opts.timeout_ms, -1);
	assert_int_equal(l.opts.task.max_lost, 0);
}

static void
once_is_one_attempt_and_no_loss(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "call --max-attempts 5 --once x"), 0);
	assert_int_equal(l.opts.task.max_attempts, 1);
	assert_int_equal(l.opts.task.max_lost, REAPQ_MAX_LOST_NONE);
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "call --once --max-lost 0 x"), 0);
	assert_int_equal(read_line(&l, OPTIONS_ANYWHERE, "call --once --max-lost 1 x"),
	    REAPQ_EINVAL);
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "call --once --max-attempts 2 x"),
	    REAPQ_EINVAL);
}

static void
more_memory_after_too_little(void **state)
{
	static const char *const bad[] = {"0", "1x", "1.00x", "101x", "x", "-1x", "1.x",
	    "2xx", "1.234x", "lots", "0M"};
	struct line l;
	char text[64];

	(void)state;
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "run --oom-retry-memory 2x x"), 0);
	assert_int_equal(l.opts.task.oom_factor, 200);
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "run --oom-retry-memory 1.5x x"), 0);
	assert_int_equal(l.opts.task.oom_factor, 150);
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "run --oom-retry-memory 1.05x x"), 0);
	assert_int_equal(l.opts.task.oom_factor, 105);
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "run --oom-retry-memory 64M x"), 0);
	assert_int_equal(l.opts.task.oom_factor, 0);
	assert_int_equal(l.opts.task.oom_step, 64 << 20);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(
		    text, sizeof(text), "run --oom-retry-memory %s x", bad[i]);
		assert_int_equal(read_line(&l, OPTIONS_ANYWHERE, text), REAPQ_EINVAL);
	}
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "run --once --oom-retry-memory 2x x"),
	    REAPQ_EINVAL);
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "run --max-lost 0 --oom-queue big x"),
	    REAPQ_EINVAL);
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "run --max-lost 1 --oom-queue big x"), 0);
}

static void
the_policy_arrives(void **state)
{
	struct line l;
	const struct reapq_task *task = &l.opts.task;

	(void)state;
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE,
		"call --max-attempts 4 --retry-delay 250ms --retry-on signal,exit "
		"--max-lost 2 --delay 1m --deadline 1h --priority low --id a.b "
		"--unique k --result-ttl 2d x"),
	    0);
	assert_int_equal(task->max_attempts, 4);
	assert_int_equal(task->retry_delay_ms, 250);
	assert_string_equal(task->retry_on, "signal,exit");
	assert_int_equal(task->max_lost, 2);
	assert_int_equal(task->delay_ms, 60000);
	assert_int_equal(task->deadline_ms, 3600000);
	assert_int_equal(task->priority, REAPQ_PRIORITY_LOW);
	assert_string_equal(task->id, "a.b");
	assert_string_equal(task->unique, "k");
	assert_int_equal(task->result_ttl_ms, 172800000);
}

static void
the_environment_of_a_command_adds_up(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(
	    read_line(&l, OPTIONS_FIRST, "run --env A=1 --env B= --cwd / env"), 0);
	assert_string_equal(l.opts.task.env[0], "A=1");
	assert_string_equal(l.opts.task.env[1], "B=");
	assert_null(l.opts.task.env[2]);
	assert_string_equal(l.opts.task.cwd, "/");
	options_free(&l.opts);
}

static void
bad_usage_names_the_flag(void **state)
{
	static const char *const bad[][2] = {
	    {"call --nonsense x", "--nonsense"},
	    {"call -q x", "-q"},
	    {"call x --memory", "--memory"},
	    {"call --memory 3X x", "--memory"},
	    {"call --json=yes x", "--json"},
	    {"call --time-limit -1s x", "--time-limit"},
	    {"call --open-files many x", "--open-files"},
	    {"call --max-attempts 0 x", "--max-attempts"},
	    {"call --max-attempts 1001 x", "--max-attempts"},
	    {"call --retry-on sigsegv x", "--retry-on"},
	    {"call --priority urgent x", "--priority"},
	    {"call --id a/b x", "--id"},
	    {"call --queue {} x", "--queue"},
	    {"call --env A x", "--env"},
	    {"call --env =A x", "--env"},
	    {"map --chunk 0 x", "--chunk"},
	    {"map --window 0 x", "--window"},
	    {"wait --timeout soon x", "--timeout"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct line l;

		assert_int_equal(
		    read_line(&l, OPTIONS_ANYWHERE, bad[i][0]), REAPQ_EINVAL);
		assert_non_null(strstr(l.err.msg, bad[i][1]));
		options_free(&l.opts);
	}
}

static void
flags_of_other_commands_are_unknown(void **state)
{
	char *argv[] = {(char[]){"wait"}, (char[]){"--memory"}, (char[]){"1M"}, NULL};
	struct options opts;

	(void)state;
	assert_int_equal(options_init(&opts, NULL), 0);
	assert_int_equal(options_parse(&opts, FLAGS_COMMON | FLAGS_TIMEOUT,
			     OPTIONS_ANYWHERE, 3, argv, NULL),
	    REAPQ_EINVAL);
}

static void
every_limit_has_its_flag(void **state)
{
	(void)state;
	for (int i = 0; i < LIMIT_N; i++) {
		struct line l;
		char text[64];

		(void)snprintf(text, sizeof text, "call --%s 7 x", limit_table[i].flag);
		assert_int_equal(read_line(&l, OPTIONS_ANYWHERE, text), 0);
		for (int j = 0; j < LIMIT_N; j++) {
			int64_t value =
			    limit_get(&l.opts.task.limits, (enum limit_index)j);
			int unit = limit_table[j].unit == LIMIT_MS ? 1000 : 1;

			assert_int_equal(value, i == j ? 7 * unit : 0);
		}
	}
}

static void
filters_of_the_dead_list(void **state)
{
	struct line l;

	(void)state;
	assert_int_equal(read_line(&l, OPTIONS_ANYWHERE, "dead ls"), 0);
	assert_null(l.opts.verdict);
	assert_null(l.opts.handler);
	assert_false(l.opts.all);
	assert_int_equal(l.opts.older_ms, -1);
	assert_int_equal(l.opts.since_ms, -1);
	assert_int_equal(l.opts.most, 0);
	assert_int_equal(read_line(&l, OPTIONS_ANYWHERE,
			     "dead rm --all --verdict oom --handler h --older-than 0"),
	    0);
	assert_true(l.opts.all);
	assert_string_equal(l.opts.verdict, "oom");
	assert_string_equal(l.opts.handler, "h");
	assert_int_equal(l.opts.older_ms, 0);
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "crashes --since 2m --limit 7"), 0);
	assert_int_equal(l.opts.since_ms, 120000);
	assert_int_equal(l.opts.most, 7);
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "dead ls --verdict died"), REAPQ_EINVAL);
	assert_non_null(strstr(l.err.msg, "died"));
	assert_int_equal(
	    read_line(&l, OPTIONS_ANYWHERE, "dead ls --limit 0"), REAPQ_EINVAL);
}

static void
the_queue_comes_from_the_environment(void **state)
{
	struct options opts;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct line l;

	(void)state;
	assert_int_equal(setenv("REAPQ_QUEUE", "mail", 1), 0);
	assert_int_equal(options_init(&opts, NULL), 0);
	assert_string_equal(opts.task.queue, "mail");
	assert_true(opts.queue_given);
	assert_int_equal(read_line(&l, OPTIONS_ANYWHERE, "call --queue web x"), 0);
	assert_string_equal(l.opts.queue, "web");
	assert_string_equal(l.opts.task.queue, "web");
	assert_int_equal(setenv("REAPQ_QUEUE", "a b", 1), 0);
	assert_int_equal(options_init(&opts, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "REAPQ_QUEUE"));
	assert_int_equal(unsetenv("REAPQ_QUEUE"), 0);
	assert_int_equal(options_init(&opts, NULL), 0);
	assert_string_equal(opts.queue, "default");
	assert_false(opts.queue_given);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flags_stand_anywhere_around_a_handler),
	    cmocka_unit_test(a_command_stands_after_dashes),
	    cmocka_unit_test(after_a_handler_dashes_only_end_the_flags),
	    cmocka_unit_test(a_lone_dash_is_an_argument),
	    cmocka_unit_test(flags_first_ends_at_the_command),
	    cmocka_unit_test(zero_is_not_the_default),
	    cmocka_unit_test(once_is_one_attempt_and_no_loss),
	    cmocka_unit_test(the_policy_arrives),
	    cmocka_unit_test(more_memory_after_too_little),
	    cmocka_unit_test(the_environment_of_a_command_adds_up),
	    cmocka_unit_test(bad_usage_names_the_flag),
	    cmocka_unit_test(flags_of_other_commands_are_unknown),
	    cmocka_unit_test(every_limit_has_its_flag),
	    cmocka_unit_test(filters_of_the_dead_list),
	    cmocka_unit_test(the_queue_comes_from_the_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
