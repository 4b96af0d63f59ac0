/*
 * fuzz_task.c - any bytes as a task, and as a worker's entry in the registry.
 *
 * What is accepted can be encoded, and means the same when it is decoded again.
 */
#include "fuzz.h"

#include "wire.h"

#include "../unit/wire_text.h"

static void
try_task(const void *data, size_t size)
{
	struct wire_box box = {0};
	struct wire_task task;
	struct buf again = {0};
	char *first, *second;

	if (wire_task_decode(data, size, &box, &task, NULL) < 0)
		return;
	first = wire_text_task(&task);
	CHECK(wire_task_encode(&task, &again, NULL) == 0);
	CHECK(wire_task_decode(again.data, again.len, &box, &task, NULL) == 0);
	second = wire_text_task(&task);
	CHECK(strcmp(first, second) == 0);
	free(first);
	free(second);
	buf_free(&again);
	wire_box_free(&box);
}

static void
try_worker(const void *data, size_t size)
{
	struct wire_box box = {0};
	struct wire_worker worker;
	struct buf again = {0};
	char *first, *second;

	if (wire_worker_decode(data, size, &box, &worker, NULL) < 0)
		return;
	first = wire_text_worker(&worker);
	CHECK(wire_worker_encode(&worker, &again, NULL) == 0);
	CHECK(wire_worker_decode(again.data, again.len, &box, &worker, NULL) == 0);
	second = wire_text_worker(&worker);
	CHECK(strcmp(first, second) == 0);
	free(first);
	free(second);
	buf_free(&again);
	wire_box_free(&box);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_task(data, size);
	try_worker(data, size);
	return 0;
}
