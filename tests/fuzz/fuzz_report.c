/*
 * fuzz_report.c - any bytes as an element of a result key: a report and its attempts.
 *
 * What is accepted can be encoded, and means the same when it is decoded again.
 */
#include "fuzz.h"

#include "wire.h"

#include "../unit/wire_text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_box box = {0};
	struct reapq_report report;
	struct buf again = {0};
	char *first, *second;

	if (wire_report_decode(data, size, &box, &report, NULL) < 0)
		return 0;
	first = wire_text_report(&report);
	CHECK(wire_text_encode_report(&report, &again, NULL) == 0);
	CHECK(wire_report_decode(again.data, again.len, &box, &report, NULL) == 0);
	second = wire_text_report(&report);
	CHECK(strcmp(first, second) == 0);
	free(first);
	free(second);
	buf_free(&again);
	wire_box_free(&box);
	return 0;
}
