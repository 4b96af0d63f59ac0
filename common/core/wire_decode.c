/*
 * wire_decode.c - reads a MessagePack map into a struct, by its table.
 *
 * The bytes are hostile. skim_object() bounds them before msgpack-c sees them, the
 * version is looked at before any other key, and each known key may stand once and
 * must have its type. Everything is copied into the zone once, straight from the
 * input: msgpack-c's objects only point there and are gone on return.
 */
#include "wire_map.h"

#include "error.h"
#include "skim.h"
#include "wire_value.h"

#include <limits.h>
#include <string.h>

static int read_map(struct wire_reader *rd, const struct wire_map *map,
    const msgpack_object *o, char *to, bool outermost);

/* Sets what missing keys mean. The pointers are as in wire_map.h. */
static void
set_missing(const struct wire_map *map, char *to)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct wire_field *f = &map->fields[i];
		void *at = to + f->at;

		if (f->kind == WIRE_TEXT)
			*(const char **)at = "";
		else if (f->kind == WIRE_INT)
			*(int *)at = (int)f->missing;
		else if (f->kind == WIRE_INT64)
			*(int64_t *)at = f->missing;
		else if (f->kind == WIRE_STRUCT)
			set_missing(f->map, at);
	}
}

static int read_tuple(struct wire_reader *rd, const struct wire_field *list,
    const msgpack_object *o, char *to);

static int
read_list(struct wire_reader *rd, const struct wire_field *f, const msgpack_object *o,
    char *to)
{
	char *items;
	size_t n;

	if (o->type != MSGPACK_OBJECT_ARRAY)
		return wire_value_refuse(rd, f, "an array", o);
	n = o->via.array.size;
	if (n > WIRE_LIST_MAX)
		return error_set(rd->err, REAPQ_EPROTO,
		    "%s: \"%s\" (%s) has %zu entries; at most %d are allowed",
		    rd->map->name, f->key, f->name, n, WIRE_LIST_MAX);
	if (n == 0)
		return 0;
	items = wire_zone_array(rd->zone, n, f->map->size);
	if (!items)
		return wire_value_no_memory(rd);
	for (size_t i = 0; i < n; i++) {
		const msgpack_object *item = &o->via.array.ptr[i];
		char *at = items + i * f->map->size;
		int r;

		set_missing(f->map, at);
		if (f->kind == WIRE_TUPLES)
			r = read_tuple(rd, f, item, at);
		else
			r = read_map(rd, f->map, item, at, false);
		if (r < 0)
			return r;
	}
	/* By bytes: the field's own type is a pointer to the item's struct. */
	memcpy(to + f->at, &items, sizeof(items));
	*(size_t *)(void *)(to + f->also) = n;
	return 0;
}

static int
read_field(struct wire_reader *rd, const struct wire_field *f, const msgpack_object *o,
    char *to)
{
	void *at = to + f->at;
	int64_t value = 0;
	int r;

	switch (f->kind) {
	case WIRE_TEXT:
	case WIRE_OPTIONAL:
		return wire_value_text(rd, f, o, at);
	case WIRE_ARGUMENT:
		return wire_value_argument(rd, f, o, at);
	case WIRE_ARGUMENTS:
		return wire_value_arguments(rd, f, o, at);
	case WIRE_BYTES:
		return wire_value_bytes(rd, f, o, at, (size_t *)(void *)(to + f->also));
	case WIRE_INT:
		if ((r = wire_value_number(rd, f, o, INT_MAX, &value)) == 0)
			*(int *)at = (int)value;
		return r;
	case WIRE_INT64:
		return wire_value_number(rd, f, o, INT64_MAX, at);
	case WIRE_UINT64:
		return wire_value_unsigned(rd, f, o, at);
	case WIRE_ADDRESS:
		if ((r = wire_value_unsigned(rd, f, o, at)) == 0)
			*(int *)(void *)(to + f->also) = 1;
		return r;
	case WIRE_FLAG:
		if (o->type != MSGPACK_OBJECT_BOOLEAN)
			return wire_value_refuse(rd, f, "a boolean", o);
		*(int *)at = o->via.boolean;
		return 0;
	case WIRE_STRUCT:
		return read_map(rd, f->map, o, at, false);
	case WIRE_TUPLES:
	case WIRE_MAPS:
		return read_list(rd, f, o, to);
	}
	return 0;
}

static int
read_tuple(struct wire_reader *rd, const struct wire_field *list,
    const msgpack_object *o, char *to)
{
	const struct wire_map *map = list->map;

	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size < map->required)
		return wire_value_refuse(rd, list, map->name, o);
	for (size_t i = 0; i < map->count && i < o->via.array.size; i++) {
		const msgpack_object *item = &o->via.array.ptr[i];
		int r;

		if (item->type == MSGPACK_OBJECT_NIL)
			continue;
		if ((r = read_field(rd, &map->fields[i], item, to)) < 0)
			return r;
	}
	return 0;
}

static bool
key_is(const msgpack_object *key, const char *text)
{
	size_t len = strlen(text);

	return key->type == MSGPACK_OBJECT_STR && key->via.str.size == len &&
	       memcmp(key->via.str.ptr, text, len) == 0;
}

/* Before all else: another version's keys may mean something else. */
static int
check_version(struct wire_reader *rd, const msgpack_object *o)
{
	static const struct wire_field f = {
	    "v", "version", WIRE_INT64, 0, 0, NULL, 0, INT64_MIN};
	const msgpack_object *found = NULL;
	int64_t version;
	int r;

	for (size_t i = 0; i < o->via.map.size; i++) {
		const msgpack_object_kv *kv = &o->via.map.ptr[i];

		if (!key_is(&kv->key, f.key))
			continue;
		if (found)
			return error_set(rd->err, REAPQ_EPROTO,
			    "%s: key \"v\" (version) stands twice", rd->map->name);
		found = &kv->val;
	}
	if (!found)
		return error_set(rd->err, REAPQ_EPROTO,
		    "%s: there is no \"v\" (version)", rd->map->name);
	if ((r = wire_value_number(rd, &f, found, INT64_MAX, &version)) < 0)
		return r;
	if (version != WIRE_VERSION)
		return error_set(rd->err, REAPQ_EPROTO,
		    "%s: its version is %lld, this program knows version %d: use the "
		    "same release of reapq on both sides",
		    rd->map->name, (long long)version, WIRE_VERSION);
	return 0;
}

/* Looks from next on: our own encoder writes keys in the table's order. */
static size_t
find_field(const struct wire_map *map, const msgpack_object *key, size_t next)
{
	for (size_t i = 0; i < map->count; i++) {
		size_t k = next + i < map->count ? next + i : next + i - map->count;

		if (key_is(key, map->fields[k].key))
			return k;
	}
	return map->count;
}

static int
read_map(struct wire_reader *rd, const struct wire_map *map, const msgpack_object *o,
    char *to, bool outermost)
{
	uint64_t seen = 0;
	size_t next = 0;
	int r;

	/* Lua cannot tell an empty map from an empty array, and writes the latter. */
	if (!outermost && o->type == MSGPACK_OBJECT_ARRAY && o->via.array.size == 0)
		return 0;
	if (o->type != MSGPACK_OBJECT_MAP)
		return error_set(rd->err, REAPQ_EPROTO, "%s: wanted a map%s%s, got %s",
		    rd->map->name, outermost ? "" : " for the ",
		    outermost ? "" : map->name, wire_value_type(o));
	if (outermost && (r = check_version(rd, o)) < 0)
		return r;
	for (size_t i = 0; i < o->via.map.size; i++) {
		const msgpack_object_kv *kv = &o->via.map.ptr[i];
		size_t k = find_field(map, &kv->key, next);

		if (k == map->count)
			continue;
		next = k + 1;
		if (seen & UINT64_C(1) << k)
			return error_set(rd->err, REAPQ_EPROTO,
			    "%s: key \"%s\" (%s) stands twice", rd->map->name,
			    map->fields[k].key, map->fields[k].name);
		seen |= UINT64_C(1) << k;
		if (kv->val.type == MSGPACK_OBJECT_NIL)
			continue;
		if ((r = read_field(rd, &map->fields[k], &kv->val, to)) < 0)
			return r;
	}
	return 0;
}

int
wire_decode_map(const struct wire_map *map, const void *data, size_t len,
    size_t *ret_used, msgpack_zone *zone, void *ret_struct, struct reapq_error *err)
{
	struct wire_reader rd = {.map = map, .zone = zone, .err = err};
	msgpack_unpacked unpacked;
	size_t used = 0, off = 0;
	int r;

	if (ret_used)
		r = skim_object(data, len, &used, err);
	else
		r = skim_map(data, len, err);
	if (r < 0)
		return error_wrap(err, r, "%s message", map->name);
	if (!ret_used)
		used = len;
	msgpack_unpacked_init(&unpacked);
	switch (msgpack_unpack_next(&unpacked, data, used, &off)) {
	case MSGPACK_UNPACK_SUCCESS:
	case MSGPACK_UNPACK_EXTRA_BYTES:
		memset(ret_struct, 0, map->size);
		set_missing(map, ret_struct);
		r = read_map(&rd, map, &unpacked.data, ret_struct, true);
		break;
	case MSGPACK_UNPACK_NOMEM_ERROR:
		r = wire_value_no_memory(&rd);
		break;
	case MSGPACK_UNPACK_CONTINUE:
	case MSGPACK_UNPACK_PARSE_ERROR:
	default:
		r = error_set(
		    err, REAPQ_EPROTO, "%s message: msgpack-c refuses it", map->name);
		break;
	}
	msgpack_unpacked_destroy(&unpacked);
	if (r == 0 && ret_used)
		*ret_used = used;
	return r;
}
