/*
 * fuzz_frame.c - any bytes as what a child sends, cut in any way.
 *
 * The first byte says how the rest is cut. The events are those of one feed of the
 * whole, and a reader that has refused once refuses for ever.
 */
#include "fuzz.h"

#include "../unit/frame_trace.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_trace whole = {.stop_after = 0}, cut = {.stop_after = 0};
	struct frame_reader r_whole = {.head_len = 0}, r_cut = {.head_len = 0};
	int rc_whole, rc_cut = 0;
	unsigned step;

	if (size == 0)
		return 0;
	step = data[0];
	data++;
	size--;
	rc_whole =
	    frame_reader_feed(&r_whole, data, size, frame_trace_event, &whole, NULL);
	for (size_t at = 0, n; at < size && rc_cut == 0; at += n) {
		n = 1 + step % 37;
		step = step * 5 + 1;
		if (n > size - at)
			n = size - at;
		rc_cut = frame_reader_feed(
		    &r_cut, data + at, n, frame_trace_event, &cut, NULL);
	}
	CHECK(rc_whole == rc_cut);
	CHECK(frame_trace_same(&whole, &cut));
	CHECK(whole.parts_bad == 0 && cut.parts_bad == 0);
	CHECK(frame_reader_partial(&r_whole) == frame_reader_partial(&r_cut));
	if (rc_whole < 0)
		CHECK(frame_reader_feed(&r_whole, data, size, frame_trace_event, &whole,
			  NULL) == rc_whole);
	frame_trace_free(&whole);
	frame_trace_free(&cut);
	return 0;
}
