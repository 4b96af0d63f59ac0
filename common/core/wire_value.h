/*
 * wire_value.h - one MessagePack value as the C type that a field wants.
 *
 * Internal to wire*.c. EPROTO: wrong type. EINVAL: out of range, a NUL byte where
 * none may be. Copies go into the reader's zone.
 */
#ifndef CORE_WIRE_VALUE_H
#define CORE_WIRE_VALUE_H

#include "wire_map.h"

struct wire_reader {
	const struct wire_map *map; /* the outermost, for messages */
	msgpack_zone *zone;
	struct reapq_error *err;
};

/* "a string", "nil"... */
const char *wire_value_type(const msgpack_object *o);

/* EPROTO "wanted ..., got ...", and ENOMEM. */
int wire_value_refuse(struct wire_reader *rd, const struct wire_field *f,
    const char *wanted, const msgpack_object *o);
int wire_value_no_memory(struct wire_reader *rd);

/* From field.min to max. A float that is a whole number is one. */
int wire_value_number(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, int64_t max, int64_t *ret_value);
int wire_value_unsigned(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, uint64_t *ret_value);

/* For people: a NUL byte becomes '?'. */
int wire_value_text(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, const char **ret_text);
/* For the system: a NUL byte is refused. */
int wire_value_argument(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, const char **ret_text);
int wire_value_arguments(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, const char *const **ret_list);
int wire_value_bytes(struct wire_reader *rd, const struct wire_field *f,
    const msgpack_object *o, const void **ret_data, size_t *ret_len);

#endif
