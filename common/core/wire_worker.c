/*
 * wire_worker.c - what a worker says of itself in the registry.
 *
 * For people who list workers: nothing decides anything by it.
 */
#include "wire_map.h"

#include "error.h"

#define FIELD(member) offsetof(struct wire_worker, member)

static const struct wire_field fields[] = {
    {"id", "id", WIRE_TEXT, FIELD(id), 0, NULL, 0, 0},
    {"hn", "host", WIRE_TEXT, FIELD(host), 0, NULL, 0, 0},
    {"qs", "queues", WIRE_TEXT, FIELD(queues), 0, NULL, 0, 0},
    {"i", "isolation", WIRE_TEXT, FIELD(isolation), 0, NULL, 0, 0},
    {"hd", "hardening", WIRE_TEXT, FIELD(hardening), 0, NULL, 0, 0},
    {"ver", "version", WIRE_TEXT, FIELD(version), 0, NULL, 0, 0},
    {"hs", "handlers", WIRE_TEXT, FIELD(handlers), 0, NULL, 0, 0},
    {"p", "pid", WIRE_INT64, FIELD(pid), 0, NULL, 0, INT64_MIN},
    {"sl", "slots", WIRE_INT64, FIELD(slots), 0, NULL, 0, INT64_MIN},
    {"b", "busy", WIRE_INT64, FIELD(busy), 0, NULL, 0, INT64_MIN},
    {"n", "tasks_done", WIRE_INT64, FIELD(tasks_done), 0, NULL, 0, INT64_MIN},
    {"t0", "started_ms", WIRE_INT64, FIELD(started_ms), 0, NULL, 0, INT64_MIN},
    {"f", "fetch_age_ms", WIRE_INT64, FIELD(fetch_age_ms), 0, NULL, -1, -1},
};

static const struct wire_map map = {
    "worker", sizeof(struct wire_worker), 0, WIRE_COUNT(fields), fields};

int
wire_worker_encode(
    const struct wire_worker *w, struct buf *out, struct reapq_error *err)
{
	return wire_encode_map(&map, w, out, err);
}

int
wire_worker_decode(const void *data, size_t len, struct wire_box *box,
    struct wire_worker *ret_worker, struct reapq_error *err)
{
	struct wire_worker w;
	msgpack_zone *zone = wire_zone_new();
	int r;

	if (!zone)
		return error_set(
		    err, REAPQ_ENOMEM, "no memory to decode a worker message");
	r = wire_decode_map(&map, data, len, NULL, zone, &w, err);
	if (r < 0) {
		msgpack_zone_free(zone);
		return r;
	}
	wire_box_fill(box, zone);
	*ret_worker = w;
	return 0;
}
