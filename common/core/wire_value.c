/*
 * wire_value.c - reads one MessagePack value as the C type that a field wants.
 *
 * Each function says in its error which key it was and what stood there instead.
 * Copies are made straight from the input, once. Nothing here knows of nesting.
 */
#include "wire_value.h"

#include "error.h"

#include <string.h>

const char *
wire_value_type(const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		return "nil";
	case MSGPACK_OBJECT_BOOLEAN:
		return "a boolean";
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return "an integer";
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return "a float";
	case MSGPACK_OBJECT_STR:
		return "a string";
	case MSGPACK_OBJECT_ARRAY:
		return "an array";
	case MSGPACK_OBJECT_MAP:
		return "a map";
	case MSGPACK_OBJECT_BIN:
		return "binary";
	case MSGPACK_OBJECT_EXT:
		return "an extension";
	}
	return "an unknown type";
}

int
wire_value_no_memory(struct wire_reader *rd)
{
	return error_set(
	    rd->err, REAPQ_ENOMEM, "no memory to decode a %s message", rd->map->name);
}

int
wire_value_refuse(struct wire_reader *rd, const struct wire_field *f,
    const char *wanted, const msgpack_object *o)
{
	return error_set(rd->err, REAPQ_EPROTO, "%s: \"%s\" (%s): wanted %s, got %s",
	    rd->map->name, f->key, f->name, wanted, wire_value_type(o));
}

static bool
is_float(const msgpack_object *o)
{
	return o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64;
}

/* Lua's numbers may come as floats; one that is whole is an integer to us. */
int
wire_value_number(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, int64_t max, int64_t *ret_value)
{
	int64_t value;

	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
		if (o->via.u64 > (uint64_t)max)
			return error_set(rd->err, REAPQ_EINVAL,
			    "%s: \"%s\" (%s) is %llu; it must be %lld at most",
			    rd->map->name, f->key, f->name,
			    (unsigned long long)o->via.u64, (long long)max);
		value = (int64_t)o->via.u64;
	} else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
		value = o->via.i64;
	} else if (is_float(o)) {
		double d = o->via.f64;

		/* Outside int64's range, or NaN, the cast would be undefined. */
		if (!(d >= -0x1p63 && d < 0x1p63) || (double)(int64_t)d != d)
			return error_set(rd->err, REAPQ_EPROTO,
			    "%s: \"%s\" (%s): wanted an integer, got the float %g",
			    rd->map->name, f->key, f->name, d);
		value = (int64_t)d;
	} else {
		return wire_value_refuse(rd, f, "an integer", o);
	}
	if (value < f->min || value > max)
		return error_set(rd->err, REAPQ_EINVAL,
		    "%s: \"%s\" (%s) is %lld; it must be %lld to %lld", rd->map->name,
		    f->key, f->name, (long long)value, (long long)f->min,
		    (long long)max);
	*ret_value = value;
	return 0;
}

int
wire_value_unsigned(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, uint64_t *ret_value)
{
	int64_t value = 0;
	int r;

	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
		*ret_value = o->via.u64;
		return 0;
	}
	r = wire_value_number(rd, f, o, INT64_MAX, &value);
	if (r == 0)
		*ret_value = (uint64_t)value;
	return r;
}

/* Text for people: a NUL would hide what stands behind it. */
int
wire_value_text(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, const char **ret_text)
{
	char *text;

	if (o->type != MSGPACK_OBJECT_STR)
		return wire_value_refuse(rd, f, "a string", o);
	text = wire_zone_copy(rd->zone, o->via.str.ptr, o->via.str.size);
	if (!text)
		return wire_value_no_memory(rd);
	for (size_t i = 0; i < o->via.str.size; i++)
		if (text[i] == '\0')
			text[i] = '?';
	*ret_text = text;
	return 0;
}

/* Text that the system gets to see: it may not end before its end. */
int
wire_value_argument(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, const char **ret_text)
{
	if (o->type == MSGPACK_OBJECT_STR && o->via.str.size > 0 &&
	    memchr(o->via.str.ptr, '\0', o->via.str.size))
		return error_set(rd->err, REAPQ_EINVAL,
		    "%s: \"%s\" (%s) has a NUL byte in it", rd->map->name, f->key,
		    f->name);
	return wire_value_text(rd, f, o, ret_text);
}

int
wire_value_arguments(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, const char *const **ret_list)
{
	const char **v;
	size_t n;

	if (o->type != MSGPACK_OBJECT_ARRAY)
		return wire_value_refuse(rd, f, "an array of strings", o);
	n = o->via.array.size;
	if (n > WIRE_ARGV_MAX)
		return error_set(rd->err, REAPQ_EINVAL,
		    "%s: \"%s\" (%s) has %zu strings; at most %d are allowed",
		    rd->map->name, f->key, f->name, n, WIRE_ARGV_MAX);
	v = wire_zone_array(rd->zone, n + 1, sizeof(*v));
	if (!v)
		return wire_value_no_memory(rd);
	for (size_t i = 0; i < n; i++) {
		int r = wire_value_argument(rd, f, &o->via.array.ptr[i], &v[i]);

		if (r < 0)
			return r;
	}
	*ret_list = v;
	return 0;
}

int
wire_value_bytes(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, const void **ret_data, size_t *ret_len)
{
	const char *data;
	size_t len;
	char *copy;

	/* str and bin have one layout in the union, but that is msgpack-c's affair. */
	if (o->type == MSGPACK_OBJECT_BIN) {
		data = o->via.bin.ptr;
		len = o->via.bin.size;
	} else if (o->type == MSGPACK_OBJECT_STR) {
		data = o->via.str.ptr;
		len = o->via.str.size;
	} else {
		return wire_value_refuse(rd, f, "binary or a string", o);
	}
	copy = wire_zone_copy(rd->zone, data, len);
	if (!copy)
		return wire_value_no_memory(rd);
	*ret_data = copy;
	*ret_len = len;
	return 0;
}
