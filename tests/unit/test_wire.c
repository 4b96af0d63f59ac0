/*
 * test_wire.c - messages against their vectors, and what vectors cannot hold.
 *
 * tests/vectors/ has the bytes beside their meaning (see docs/messages.md); the
 * producer of the bytes was another MessagePack implementation than msgpack-c.
 */
#include "cmocka_all.h"

#include <stdio.h>

#include "buf.h"
#include "wire.h"
#include "wire_text.h"

typedef int decode_fn(const void *data, size_t len, struct reapq_error *err,
    char **ret_text, struct buf *ret_again);

static int
decode_task(const void *data, size_t len, struct reapq_error *err, char **ret_text,
    struct buf *ret_again)
{
	struct wire_box box = {0};
	struct wire_task task;
	int r = wire_task_decode(data, len, &box, &task, err);

	if (r < 0)
		return r;
	*ret_text = wire_text_task(&task);
	r = wire_task_encode(&task, ret_again, err);
	wire_box_free(&box);
	return r;
}

static int
decode_report(const void *data, size_t len, struct reapq_error *err, char **ret_text,
    struct buf *ret_again)
{
	struct wire_box box = {0};
	struct reapq_report report;
	int r = wire_report_decode(data, len, &box, &report, err);

	if (r < 0)
		return r;
	assert_int_equal(report.size, sizeof(report));
	*ret_text = wire_text_report(&report);
	r = wire_text_encode_report(&report, ret_again, err);
	wire_box_free(&box);
	return r;
}

static int
decode_worker(const void *data, size_t len, struct reapq_error *err, char **ret_text,
    struct buf *ret_again)
{
	struct wire_box box = {0};
	struct wire_worker worker;
	int r = wire_worker_decode(data, len, &box, &worker, err);

	if (r < 0)
		return r;
	*ret_text = wire_text_worker(&worker);
	r = wire_worker_encode(&worker, ret_again, err);
	wire_box_free(&box);
	return r;
}

/* In a block of exactly its size, so that a read past the end is seen. */
static unsigned char *
from_hex(const char *hex, size_t *ret_len)
{
	size_t len = strlen(hex) / 2;
	unsigned char *data = malloc(len > 0 ? len : 1);

	assert_non_null(data);
	assert_int_equal(strlen(hex) % 2, 0);
	for (size_t i = 0; i < len; i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		char *end;

		data[i] = (unsigned char)strtoul(pair, &end, 16);
		assert_ptr_equal(end, pair + 2);
	}
	*ret_len = len;
	return data;
}

static void
check_vector(decode_fn *decode, const char *name, const char *hex, const char *meaning)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct buf again = {0};
	char *text = NULL;
	size_t len, word = strcspn(meaning, ":");
	unsigned char *data = from_hex(hex, &len);
	int r = decode(data, len, &err, &text, &again);
	const char *wanted = meaning + word + 2;

	if (strncmp(meaning, "exact", word) == 0 ||
	    strncmp(meaning, "reads", word) == 0) {
		if (r != 0)
			fail_msg("%s: refused: %s", name, err.msg);
		if (!text || strcmp(text, wanted) != 0)
			fail_msg(
			    "%s: means\n%s\nnot\n%s", name, text ? text : "", wanted);
		if (strncmp(meaning, "exact", word) == 0 &&
		    (again.len != len || memcmp(again.data, data, len) != 0))
			fail_msg("%s: is encoded as other bytes", name);
	} else {
		if (r == 0)
			fail_msg("%s: accepted as %s", name, text);
		assert_int_equal(err.code, r);
		if (strncmp(reapq_code_name(r), meaning, word) != 0 ||
		    !strstr(err.msg, wanted))
			fail_msg("%s: %s: \"%s\" instead of \"%s\"", name,
			    reapq_code_name(r), err.msg, meaning);
	}
	free(text);
	free(data);
	buf_free(&again);
}

/* In tests/vectors, unless REAPQ_VECTORS says where. */
static FILE *
open_vectors(const char *name)
{
	const char *dir = getenv("REAPQ_VECTORS");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : VECTORS, name);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s: cannot be read", path);
	return f;
}

static void
check_vectors(const char *file, decode_fn *decode)
{
	FILE *f = open_vectors(file);
	char *line = NULL;
	size_t cap = 0, count = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, f)) > 0) {
		char *hex, *meaning;

		if (line[0] == '#')
			continue;
		line[len - 1] = '\0';
		hex = strstr(line, " | ");
		assert_non_null(hex);
		meaning = strstr(hex + 3, " | ");
		assert_non_null(meaning);
		*hex = *meaning = '\0';
		check_vector(decode, line, hex + 3, meaning + 3);
		count++;
	}
	free(line);
	fclose(f);
	assert_true(count >= 5);
}

static void
test_task_vectors(void **state)
{
	(void)state;
	check_vectors("task.txt", decode_task);
}

static void
test_report_vectors(void **state)
{
	(void)state;
	check_vectors("report.txt", decode_report);
}

static void
test_worker_vectors(void **state)
{
	(void)state;
	check_vectors("worker.txt", decode_worker);
}

static struct wire_task
small_task(void)
{
	struct wire_task task = {.id = "t1", .handler = "echo", .max_attempts = 1};

	return task;
}

static void
test_task_encode_refuses(void **state)
{
	static const char *const no_command[] = {NULL};
	static const char *const command[] = {"true", NULL};
	static const char *const bad_env[] = {"PATH", NULL};
	struct wire_task bad[9];
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < 9; i++)
		bad[i] = small_task();
	bad[0].id = NULL;
	bad[1].id = "";
	bad[2].handler = NULL;
	bad[3].max_attempts = 0;
	bad[4].retry_delay_ms = -1;
	bad[5].handler = REAPQ_HANDLER_EXEC;
	bad[6].handler = REAPQ_HANDLER_EXEC;
	bad[6].argv = no_command;
	bad[7].handler = REAPQ_HANDLER_EXEC;
	bad[7].argv = command;
	bad[7].env = bad_env;
	bad[8].payload_len = 1;
	assert_int_equal(buf_add(&out, "before", 6), 0);
	for (size_t i = 0; i < 9; i++) {
		struct reapq_error err = REAPQ_ERROR_INIT;

		assert_int_equal(wire_task_encode(&bad[i], &out, &err), REAPQ_EINVAL);
		assert_int_equal(err.code, REAPQ_EINVAL);
		assert_int_equal(out.len, 6);
	}
	assert_memory_equal(out.data, "before", 6);
	buf_free(&out);
}

static void
test_encode_appends(void **state)
{
	struct wire_task task = small_task();
	struct buf out = {0}, alone = {0};

	(void)state;
	assert_int_equal(wire_task_encode(&task, &alone, NULL), 0);
	assert_int_equal(buf_add(&out, "before", 6), 0);
	assert_int_equal(wire_task_encode(&task, &out, NULL), 0);
	assert_int_equal(out.len, 6 + alone.len);
	assert_memory_equal(out.data, "before", 6);
	assert_memory_equal(out.data + 6, alone.data, alone.len);
	buf_free(&out);
	buf_free(&alone);
}

/* The length is refused before a byte is read: there are none. */
static void
test_payload_over_4_gib(void **state)
{
	struct wire_task task = small_task();
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct buf out = {0};

	(void)state;
	task.payload = "";
	task.payload_len = (size_t)UINT32_MAX + 1;
	assert_int_equal(wire_task_encode(&task, &out, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "4294967296"));
	buf_free(&out);
}

static int
encode_with_argc(size_t argc, struct buf *out, struct reapq_error *err)
{
	const char **argv = calloc(argc + 1, sizeof(*argv));
	struct wire_task task = small_task();
	int r;

	assert_non_null(argv);
	for (size_t i = 0; i < argc; i++)
		argv[i] = "a";
	task.handler = REAPQ_HANDLER_EXEC;
	task.argv = argv;
	r = wire_task_encode(&task, out, err);
	free(argv);
	return r;
}

static void
test_argv_bounds(void **state)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct wire_box box = {0};
	struct wire_task task;
	struct buf out = {0};
	size_t n = 0;

	(void)state;
	assert_int_equal(encode_with_argc(WIRE_ARGV_MAX + 1, &out, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "16384"));
	assert_int_equal(out.len, 0);
	assert_int_equal(encode_with_argc(WIRE_ARGV_MAX, &out, &err), 0);
	assert_int_equal(wire_task_decode(out.data, out.len, &box, &task, &err), 0);
	while (task.argv[n])
		n++;
	assert_int_equal(n, WIRE_ARGV_MAX);

	/* One more: {v, id, h: "exec", x: {a: [16385 x ""]}} by hand. */
	static const char head[] = "\x84\xa1v\x01\xa2id\xa2t1\xa1h\xa4"
				   "exec\xa1x\x81\xa1"
				   "a\xdc\x40\x01";
	out.len = 0;
	assert_int_equal(buf_add(&out, head, sizeof(head) - 1), 0);
	for (size_t i = 0; i <= WIRE_ARGV_MAX; i++)
		assert_int_equal(buf_add(&out, "\xa0", 1), 0);
	assert_int_equal(
	    wire_task_decode(out.data, out.len, &box, &task, &err), REAPQ_EINVAL);
	assert_non_null(strstr(err.msg, "16385"));
	wire_box_free(&box);
	buf_free(&out);
}

static void
test_too_many_evidence(void **state)
{
	static const char head[] = "\x83\xa1v\x01\xa2vd\xa2ok\xa2"
				   "ev\xdc\x08\x01";
	struct reapq_report report = {.verdict = REAPQ_V_OK};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct wire_box box = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(buf_add(&out, head, sizeof(head) - 1), 0);
	for (int i = 0; i < 2049; i++)
		assert_int_equal(buf_add(&out, "\x92\xa0\xa0", 3), 0);
	assert_int_equal(
	    wire_report_decode(out.data, out.len, &box, &report, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "2049 entries"));
	out.len = 0;
	/* Never read: the count is refused first. */
	report.evidence = (const struct reapq_evidence *)(const void *)&report;
	report.evidence_count = 2049;
	assert_int_equal(wire_report_encode(&report, &out, &err), REAPQ_EINVAL);
	buf_free(&out);
}

static void
test_too_many_attempts(void **state)
{
	struct reapq_report report = {.verdict = REAPQ_V_OK, .attempt = 1000};
	struct reapq_attempt attempt = {.attempt = 1};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct wire_box box = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(wire_report_encode(&report, &out, &err), 0);
	for (int i = 0; i < 999; i++)
		assert_int_equal(wire_attempt_encode(&attempt, &out, &err), 0);
	assert_int_equal(wire_report_decode(out.data, out.len, &box, &report, &err), 0);
	assert_int_equal(report.attempts_count, 1000);
	assert_int_equal(report.attempts[999].attempt, 1000);
	assert_int_equal(wire_attempt_encode(&attempt, &out, &err), 0);
	assert_int_equal(
	    wire_report_decode(out.data, out.len, &box, &report, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "more than 1000 attempts"));
	wire_box_free(&box);
	buf_free(&out);
}

/* An enum that has a name wins over a stale text; one that has none keeps it. */
static void
test_names(void **state)
{
	struct reapq_report report = {.verdict = REAPQ_V_OOM, .verdict_name = "stale"};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct wire_box box = {0};
	struct buf out = {0};

	(void)state;
	report.outcome_name = "evaporated";
	report.certainty = REAPQ_LIKELY;
	assert_int_equal(wire_report_encode(&report, &out, &err), 0);
	assert_int_equal(wire_report_decode(out.data, out.len, &box, &report, &err), 0);
	assert_int_equal(report.verdict, REAPQ_V_OOM);
	assert_string_equal(report.verdict_name, "oom");
	assert_int_equal(report.outcome, REAPQ_OUTCOME_OTHER);
	assert_string_equal(report.outcome_name, "evaporated");
	assert_int_equal(report.certainty, REAPQ_LIKELY);
	wire_box_free(&box);
	buf_free(&out);
}

/* Failure leaves the box and the struct as they were; success replaces both. */
static void
test_box(void **state)
{
	struct wire_task task = small_task();
	struct wire_box box = {0};
	struct buf out = {0};
	void *memory;

	(void)state;
	task.payload = "payload";
	task.payload_len = 7;
	assert_int_equal(wire_task_encode(&task, &out, NULL), 0);
	assert_int_equal(wire_task_decode(out.data, out.len, &box, &task, NULL), 0);
	memory = box.memory;
	assert_non_null(memory);
	assert_int_equal(
	    wire_task_decode(out.data, out.len - 1, &box, &task, NULL), REAPQ_EPROTO);
	assert_ptr_equal(box.memory, memory);
	memset(out.data, 0xff, out.len);
	assert_string_equal(task.id, "t1");
	assert_memory_equal(task.payload, "payload", 7);
	wire_box_free(&box);
	assert_null(box.memory);
	wire_box_free(&box);
	wire_box_free(NULL);
	buf_free(&out);
}

static void
test_large_result(void **state)
{
	struct reapq_report report = {.verdict = REAPQ_V_OK};
	struct wire_box box = {0};
	struct buf out = {0};
	size_t len = (size_t)5 << 20;
	char *result = malloc(len);

	(void)state;
	assert_non_null(result);
	for (size_t i = 0; i < len; i++)
		result[i] = (char)(i * 7 + i / 251);
	report.result = result;
	report.result_len = len;
	assert_int_equal(wire_report_encode(&report, &out, NULL), 0);
	assert_int_equal(wire_report_decode(out.data, out.len, &box, &report, NULL), 0);
	assert_int_equal(report.result_len, len);
	assert_true(report.result != result);
	assert_memory_equal(report.result, result, len);
	wire_box_free(&box);
	buf_free(&out);
	free(result);
}

/* Every limit of limit_table travels, by its name there. */
static void
test_limits_by_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LIMIT_N; i++) {
		struct wire_task task = small_task();
		struct wire_box box = {0};
		struct buf out = {0};

		limit_set(&task.limits, (enum limit_index)i, 77);
		assert_int_equal(wire_task_encode(&task, &out, NULL), 0);
		assert_non_null(memmem(out.data, out.len, limit_table[i].name,
		    strlen(limit_table[i].name)));
		assert_int_equal(
		    wire_task_decode(out.data, out.len, &box, &task, NULL), 0);
		assert_int_equal(limit_get(&task.limits, (enum limit_index)i), 77);
		wire_box_free(&box);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_task_vectors),
	    cmocka_unit_test(test_report_vectors),
	    cmocka_unit_test(test_worker_vectors),
	    cmocka_unit_test(test_task_encode_refuses),
	    cmocka_unit_test(test_encode_appends),
	    cmocka_unit_test(test_payload_over_4_gib),
	    cmocka_unit_test(test_argv_bounds),
	    cmocka_unit_test(test_too_many_evidence),
	    cmocka_unit_test(test_too_many_attempts),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_box),
	    cmocka_unit_test(test_large_result),
	    cmocka_unit_test(test_limits_by_name),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
