/*
 * model_frame.c - the same events whatever the chunks: random streams of frames, good
 * and broken, cut at random, against one feed of the whole and
 * against what was sent.
 */
#include "model.h"

#include "frame.h"

#include "../unit/frame_trace.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 3000
#define FRAMES_MAX 40

static void
fill(char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (char)model_u64();
}

/* The longest bodies now and then, short ones mostly. */
static size_t
random_len(uint32_t max)
{
	if (max == 0)
		return 0;
	if (model_below(20) == 0)
		return max;
	return model_below(max < 300 ? max + 1 : 300);
}

static void
random_stream(struct buf *out, struct frame_trace *expected)
{
	static const uint32_t max[FRAME_TYPE_COUNT] = {
	    0, 5000, 0, FRAME_TEXT_MAX, FRAME_LOG_MAX, FRAME_TEXT_MAX, 0};
	static char body[FRAME_TEXT_MAX + 5000];
	size_t frames = model_below(FRAMES_MAX);

	for (size_t i = 0; i < frames; i++) {
		uint32_t type = 1 + (uint32_t)model_below(FRAME_TYPE_COUNT - 1);
		size_t len = random_len(max[type]);

		fill(body, len);
		frame_trace_send(out, type, body, len);
		if (type != FRAME_PART || len > 0)
			(void)frame_trace_event(
			    (enum frame_type)type, body, len, expected);
	}
}

/* Each chunk in a block of its own size, so that a read past its end is seen. */
static int
feed_in_chunks(const struct buf *in, struct frame_reader *r, struct frame_trace *t)
{
	size_t most = (size_t)1 << model_below(14), at = 0;

	while (at < in->len) {
		size_t n = 1 + model_below(most);
		char *chunk;
		int rc;

		if (n > in->len - at)
			n = in->len - at;
		chunk = malloc(n);
		CHECK(chunk != NULL);
		memcpy(chunk, in->data + at, n);
		rc = frame_reader_feed(r, chunk, n, frame_trace_event, t, NULL);
		free(chunk);
		if (rc != 0)
			return rc;
		at += n;
	}
	return 0;
}

static void
flip(char *byte)
{
	*byte = (char)(*byte ^ (1 << model_below(8)));
}

static void
round_of(void)
{
	struct frame_trace expected = {.stop_after = 0}, whole = {.stop_after = 0};
	struct frame_trace cut = {.stop_after = 0};
	struct frame_reader r_whole = {.head_len = 0}, r_cut = {.head_len = 0};
	struct buf in = {0};
	int rc_whole, rc_cut, broken;

	random_stream(&in, &expected);
	broken = in.len > 0 && model_below(2) == 0;
	if (broken && model_below(2) == 0)
		in.len = model_below(in.len);
	else if (broken)
		flip(in.data + model_below(in.len));
	rc_whole = frame_reader_feed(
	    &r_whole, in.data, in.len, frame_trace_event, &whole, NULL);
	rc_cut = feed_in_chunks(&in, &r_cut, &cut);
	if (!broken) {
		MODEL_CHECK(rc_whole == 0);
		MODEL_CHECK(!frame_reader_partial(&r_whole));
		MODEL_CHECK(frame_trace_same(&whole, &expected));
	}
	MODEL_CHECK(rc_whole == rc_cut);
	MODEL_CHECK(frame_trace_same(&whole, &cut));
	MODEL_CHECK(frame_reader_partial(&r_whole) == frame_reader_partial(&r_cut));
	MODEL_CHECK(whole.parts_bad == 0 && cut.parts_bad == 0);
	frame_trace_free(&expected);
	frame_trace_free(&whole);
	frame_trace_free(&cut);
	buf_free(&in);
}

int
main(int argc, char **argv)
{
	model_seed(argc, argv);
	for (int i = 0; i < ROUNDS; i++)
		round_of();
	return 0;
}
