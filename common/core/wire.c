/*
 * wire.c - the memory behind a decoded message.
 *
 * A box is a msgpack-c zone. Small copies share its chunks; a large one (payload,
 * result) is allocated by itself, because a zone doubles its chunk size until the
 * request fits and would take up to twice the bytes.
 */
#include "wire.h"

#include "wire_map.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 1024
#define LARGE 1024

msgpack_zone *
wire_zone_new(void)
{
	return msgpack_zone_new(CHUNK);
}

static void *
zone_alloc(msgpack_zone *zone, size_t size)
{
	void *p;

	if (size < LARGE)
		return msgpack_zone_malloc(zone, size);
	p = malloc(size);
	if (p && !msgpack_zone_push_finalizer(zone, free, p)) {
		free(p);
		return NULL;
	}
	return p;
}

char *
wire_zone_copy(msgpack_zone *zone, const void *data, size_t len)
{
	char *p = zone_alloc(zone, len + 1);

	if (!p)
		return NULL;
	if (len > 0)
		memcpy(p, data, len);
	p[len] = '\0';
	return p;
}

void *
wire_zone_array(msgpack_zone *zone, size_t count, size_t size)
{
	void *p;

	if (size > 0 && count > SIZE_MAX / size)
		return NULL;
	p = zone_alloc(zone, count * size);
	if (p)
		memset(p, 0, count * size);
	return p;
}

void
wire_box_fill(struct wire_box *box, msgpack_zone *zone)
{
	wire_box_free(box);
	box->memory = zone;
}

void
wire_box_free(struct wire_box *box)
{
	if (!box || !box->memory)
		return;
	msgpack_zone_free(box->memory);
	box->memory = NULL;
}
