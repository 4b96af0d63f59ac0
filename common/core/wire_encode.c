/*
 * wire_encode.c - writes a struct as a MessagePack map, by its table.
 *
 * A key whose value is what its absence means is left out, so that a message grows
 * only with what it says. Nothing is written that wire_decode.c would refuse. Only
 * out is touched, and on failure it is cut back to what it was.
 */
#include "wire_map.h"

#include "error.h"

#include <string.h>

struct writer {
	msgpack_packer pk;
	struct buf *out;
	const struct wire_map *map; /* the outermost, for messages */
	struct reapq_error *err;
};

static bool map_present(const struct wire_map *map, const char *from);
static int write_map(
    struct writer *w, const struct wire_map *map, const char *from, bool versioned);

static int
append(void *out, const char *data, size_t len)
{
	return buf_add(out, data, len) < 0 ? -1 : 0;
}

static int
no_memory(struct writer *w)
{
	return error_set(w->err, REAPQ_ENOMEM,
	    "no memory for a %s message of %zu bytes", w->map->name, w->out->len);
}

/* By bytes: the field may be a pointer to anything. */
static const char *
pointer_at(const char *from)
{
	const char *p;

	memcpy(&p, from, sizeof(p));
	return p;
}

static size_t
size_at(const char *from)
{
	return *(const size_t *)(const void *)from;
}

static int64_t
int_at(const struct wire_field *f, const char *from)
{
	if (f->kind == WIRE_INT64)
		return *(const int64_t *)(const void *)(from + f->at);
	return *(const int *)(const void *)(from + f->at);
}

static uint64_t
uint_at(const char *from)
{
	return *(const uint64_t *)(const void *)from;
}

static bool
field_present(const struct wire_field *f, const char *from)
{
	const char *text;

	switch (f->kind) {
	case WIRE_TEXT:
		text = pointer_at(from + f->at);
		return text && *text;
	case WIRE_OPTIONAL:
	case WIRE_ARGUMENT:
	case WIRE_ARGUMENTS:
		return pointer_at(from + f->at) != NULL;
	case WIRE_BYTES:
		return pointer_at(from + f->at) || size_at(from + f->also) > 0;
	case WIRE_INT:
	case WIRE_INT64:
		return int_at(f, from) != f->missing;
	case WIRE_FLAG:
		return int_at(f, from) != 0;
	case WIRE_UINT64:
		return uint_at(from + f->at) != 0;
	case WIRE_ADDRESS:
		return *(const int *)(const void *)(from + f->also) != 0;
	case WIRE_STRUCT:
		return map_present(f->map, from + f->at);
	case WIRE_TUPLES:
	case WIRE_MAPS:
		return size_at(from + f->also) > 0;
	}
	return false;
}

static bool
map_present(const struct wire_map *map, const char *from)
{
	for (size_t i = 0; i < map->count; i++)
		if (field_present(&map->fields[i], from))
			return true;
	return false;
}

static int
write_str(struct writer *w, const struct wire_field *f, const char *text)
{
	size_t len = strlen(text);

	if (len > UINT32_MAX)
		return error_set(w->err, REAPQ_EINVAL,
		    "%s: \"%s\" (%s) has %zu bytes; MessagePack holds 4294967295 at "
		    "most",
		    w->map->name, f->key, f->name, len);
	if (msgpack_pack_str(&w->pk, len) < 0 ||
	    msgpack_pack_str_body(&w->pk, text, len) < 0)
		return no_memory(w);
	return 0;
}

static int
write_bytes(struct writer *w, const struct wire_field *f, const char *from)
{
	const char *data = pointer_at(from + f->at);
	size_t len = size_at(from + f->also);

	if (!data)
		return error_set(w->err, REAPQ_EINVAL,
		    "%s: \"%s\" (%s) has a length, %zu, but no bytes (NULL)",
		    w->map->name, f->key, f->name, len);
	if (len > UINT32_MAX)
		return error_set(w->err, REAPQ_EINVAL,
		    "%s: \"%s\" (%s) has %zu bytes; MessagePack holds 4294967295 at "
		    "most",
		    w->map->name, f->key, f->name, len);
	if (msgpack_pack_bin(&w->pk, len) < 0 ||
	    msgpack_pack_bin_body(&w->pk, data, len) < 0)
		return no_memory(w);
	return 0;
}

static int
write_int(struct writer *w, const struct wire_field *f, int64_t value)
{
	if (value < f->min)
		return error_set(w->err, REAPQ_EINVAL,
		    "%s: \"%s\" (%s) is %lld; it must be %lld at least", w->map->name,
		    f->key, f->name, (long long)value, (long long)f->min);
	if (msgpack_pack_int64(&w->pk, value) < 0)
		return no_memory(w);
	return 0;
}

static int
write_arguments(struct writer *w, const struct wire_field *f, const char *from)
{
	const char *const *v =
	    *(const char *const *const *)(const void *)(from + f->at);
	size_t n = 0;

	while (v[n])
		if (++n > WIRE_ARGV_MAX)
			return error_set(w->err, REAPQ_EINVAL,
			    "%s: \"%s\" (%s) has more than %d strings", w->map->name,
			    f->key, f->name, WIRE_ARGV_MAX);
	if (msgpack_pack_array(&w->pk, n) < 0)
		return no_memory(w);
	for (size_t i = 0; i < n; i++) {
		int r = write_str(w, f, v[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int
write_field(struct writer *w, const struct wire_field *f, const char *from)
{
	int bad = 0;

	switch (f->kind) {
	case WIRE_TEXT:
	case WIRE_OPTIONAL:
	case WIRE_ARGUMENT:
		return write_str(w, f, pointer_at(from + f->at));
	case WIRE_ARGUMENTS:
		return write_arguments(w, f, from);
	case WIRE_BYTES:
		return write_bytes(w, f, from);
	case WIRE_INT:
	case WIRE_INT64:
		return write_int(w, f, int_at(f, from));
	case WIRE_UINT64:
	case WIRE_ADDRESS:
		bad = msgpack_pack_uint64(&w->pk, uint_at(from + f->at));
		break;
	case WIRE_FLAG:
		bad = msgpack_pack_true(&w->pk);
		break;
	case WIRE_STRUCT:
		return write_map(w, f->map, from + f->at, false);
	case WIRE_TUPLES:
	case WIRE_MAPS: {
		const char *item = pointer_at(from + f->at);
		size_t n = size_at(from + f->also);

		if (!item || n > WIRE_LIST_MAX)
			return error_set(w->err, REAPQ_EINVAL,
			    "%s: \"%s\" (%s) has %zu entries%s; at most %d are allowed",
			    w->map->name, f->key, f->name, n, item ? "" : " at NULL",
			    WIRE_LIST_MAX);
		if (msgpack_pack_array(&w->pk, n) < 0)
			return no_memory(w);
		for (size_t i = 0; i < n; i++, item += f->map->size) {
			int r = write_map(w, f->map, item, false);

			if (r < 0)
				return r;
		}
		return 0;
	}
	}
	return bad < 0 ? no_memory(w) : 0;
}

/* The fields in order, without keys; nil for one that is missing. */
static int
write_tuple(struct writer *w, const struct wire_map *map, const char *from)
{
	if (msgpack_pack_array(&w->pk, map->count) < 0)
		return no_memory(w);
	for (size_t i = 0; i < map->count; i++) {
		int r = 0;

		if (field_present(&map->fields[i], from))
			r = write_field(w, &map->fields[i], from);
		else if (msgpack_pack_nil(&w->pk) < 0)
			r = no_memory(w);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
write_map(
    struct writer *w, const struct wire_map *map, const char *from, bool versioned)
{
	static const struct wire_field version = {
	    "v", "version", WIRE_INT, 0, 0, NULL, 0, 0};
	size_t n = versioned ? 1 : 0;

	if (map->required > 0)
		return write_tuple(w, map, from);
	for (size_t i = 0; i < map->count; i++)
		n += field_present(&map->fields[i], from);
	if (msgpack_pack_map(&w->pk, n) < 0)
		return no_memory(w);
	if (versioned && (write_str(w, &version, version.key) < 0 ||
			     write_int(w, &version, WIRE_VERSION) < 0))
		return REAPQ_ENOMEM;
	for (size_t i = 0; i < map->count; i++) {
		const struct wire_field *f = &map->fields[i];
		int r;

		if (!field_present(f, from))
			continue;
		if ((r = write_str(w, f, f->key)) < 0 ||
		    (r = write_field(w, f, from)) < 0)
			return r;
	}
	return 0;
}

int
wire_encode_map(const struct wire_map *map, const void *from, struct buf *out,
    struct reapq_error *err)
{
	struct writer w = {.out = out, .map = map, .err = err};
	size_t before = out->len;
	int r;

	msgpack_packer_init(&w.pk, out, append);
	r = write_map(&w, map, from, true);
	if (r < 0)
		out->len = before;
	return r;
}
