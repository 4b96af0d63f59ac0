/* test_frame.c - the child's channel: each frame type, each bound, each bad header. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "frame_trace.h"

static const struct {
	enum frame_type type;
	uint32_t max;
} bounds[] = {
    {FRAME_PART, FRAME_PART_MAX},
    {FRAME_DONE, 0},
    {FRAME_FAILED, FRAME_TEXT_MAX},
    {FRAME_LOG, FRAME_LOG_MAX},
    {FRAME_REFUSED, FRAME_TEXT_MAX},
    {FRAME_TOO_BIG, 0},
};

static void
test_stream(void **state)
{
	struct frame_reader r = {.head_len = 0};
	struct frame_trace t = {.stop_after = 0};
	struct buf in = {0};

	(void)state;
	frame_trace_send(&in, FRAME_LOG, "one line", 8);
	frame_trace_send(&in, FRAME_PART, "hel", 3);
	frame_trace_send(&in, FRAME_PART, "", 0);
	frame_trace_send(&in, FRAME_PART, "lo", 2);
	frame_trace_send(&in, FRAME_DONE, "", 0);
	assert_false(frame_reader_partial(&r));
	assert_int_equal(
	    frame_reader_feed(&r, in.data, in.len, frame_trace_event, &t, NULL), 0);
	assert_false(frame_reader_partial(&r));
	assert_string_equal(buf_str(&t.text), "4@0:one line\n2@5:\n");
	assert_string_equal(buf_str(&t.result), "hello");
	assert_int_equal(t.parts_bad, 0);
	frame_trace_free(&t);
	buf_free(&in);
}

static void
test_bounds(void **state)
{
	char *body = calloc(1, FRAME_PART_MAX + 1);

	(void)state;
	assert_non_null(body);
	memset(body, 'x', FRAME_PART_MAX + 1);
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		struct frame_trace t = {.stop_after = 0};
		struct frame_reader r = {.head_len = 0};
		struct reapq_error err = REAPQ_ERROR_INIT;
		struct buf in = {0};
		size_t max = bounds[i].max;

		frame_trace_send(&in, bounds[i].type, body, max);
		assert_int_equal(
		    frame_reader_feed(&r, in.data, in.len, frame_trace_event, &t, &err),
		    0);
		if (bounds[i].type == FRAME_PART)
			assert_int_equal(t.result.len, max);
		else
			assert_int_equal(t.text.len, 5 + max);
		in.len = 0;
		frame_trace_send(&in, bounds[i].type, body, max + 1);
		assert_int_equal(
		    frame_reader_feed(&r, in.data, in.len, frame_trace_event, &t, &err),
		    REAPQ_EPROTO);
		assert_int_equal(err.code, REAPQ_EPROTO);
		frame_trace_free(&t);
		buf_free(&in);
	}
	free(body);
}

/* After one bad header nothing is believed, not even a good frame. */
static void
test_bad_headers(void **state)
{
	static const struct frame_header bad[] = {
	    {0, FRAME_DONE, 0},
	    {FRAME_MAGIC + 1, FRAME_DONE, 0},
	    {FRAME_MAGIC, 0, 0},
	    {FRAME_MAGIC, FRAME_TYPE_COUNT, 0},
	    {FRAME_MAGIC, UINT32_MAX, 0},
	    {FRAME_MAGIC, FRAME_DONE, 1},
	    {FRAME_MAGIC, FRAME_PART, UINT32_MAX},
	    {FRAME_MAGIC, FRAME_FAILED, UINT32_MAX},
	};
	struct frame_header good = {FRAME_MAGIC, FRAME_DONE, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct frame_trace t = {.stop_after = 0};
		struct frame_reader r = {.head_len = 0};
		struct reapq_error err = REAPQ_ERROR_INIT;

		assert_int_equal(frame_reader_feed(&r, &bad[i], sizeof(bad[i]),
				     frame_trace_event, &t, &err),
		    REAPQ_EPROTO);
		assert_true(err.msg[0] != '\0');
		assert_int_equal(frame_reader_feed(&r, &good, sizeof(good),
				     frame_trace_event, &t, &err),
		    REAPQ_EPROTO);
		assert_int_equal(t.text.len, 0);
		frame_trace_free(&t);
	}
}

static void
test_partial(void **state)
{
	struct frame_trace t = {.stop_after = 0};
	struct frame_reader r = {.head_len = 0};
	struct buf in = {0};

	(void)state;
	frame_trace_send(&in, FRAME_PART, "abc", 3);
	for (size_t i = 0; i < in.len; i++) {
		assert_int_equal(frame_reader_partial(&r), i > 0);
		assert_int_equal(
		    frame_reader_feed(&r, in.data + i, 1, frame_trace_event, &t, NULL),
		    0);
		assert_int_equal(
		    frame_reader_feed(&r, NULL, 0, frame_trace_event, &t, NULL), 0);
	}
	assert_false(frame_reader_partial(&r));
	assert_int_equal(t.result.len, 3);
	frame_trace_free(&t);
	buf_free(&in);
}

static void
test_stop(void **state)
{
	struct frame_trace t = {.stop_after = 2};
	struct frame_reader r = {.head_len = 0};
	struct buf in = {0};

	(void)state;
	frame_trace_send(&in, FRAME_LOG, "a", 1);
	frame_trace_send(&in, FRAME_LOG, "b", 1);
	frame_trace_send(&in, FRAME_LOG, "c", 1);
	assert_int_equal(
	    frame_reader_feed(&r, in.data, in.len, frame_trace_event, &t, NULL), 7);
	assert_string_equal(buf_str(&t.text), "4@0:a\n4@0:b\n");
	frame_trace_free(&t);
	buf_free(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_bad_headers),
	    cmocka_unit_test(test_partial),
	    cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
