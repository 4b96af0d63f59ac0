/*
 * wire_map.h - messages as tables: which key holds which field of which struct.
 *
 * One table serves both directions, so that the encoder and the decoder cannot
 * disagree. Internal to wire*.c, the only files that see msgpack-c.
 */
#ifndef CORE_WIRE_MAP_H
#define CORE_WIRE_MAP_H

#include "buf.h"
#include "wire.h"
#include <msgpack.h>
#include <reapq/error.h>
#include <stddef.h>
#include <stdint.h>

/* Most pieces of evidence, and frames of a backtrace, in one report: with all the
 * rest of it that stays below SKIM_NODES_MAX. */
#define WIRE_LIST_MAX 2048
#define WIRE_ATTEMPTS_MAX 1000

/* The C type at the field's place; what stands there when the key is missing. */
enum wire_kind {
	WIRE_TEXT,      /* const char *; "". A NUL byte in it becomes '?' */
	WIRE_OPTIONAL,  /* const char *; NULL. A NUL byte in it becomes '?' */
	WIRE_ARGUMENT,  /* const char *; NULL. A NUL byte in it is EINVAL */
	WIRE_ARGUMENTS, /* const char *const *, ends with NULL; NULL. The same */
	WIRE_BYTES,     /* const void *, and a size_t at also; NULL, 0 */
	WIRE_INT,       /* int; field.missing. Below field.min is EINVAL */
	WIRE_INT64,     /* int64_t; field.missing. Below field.min is EINVAL */
	WIRE_UINT64,    /* uint64_t; 0 */
	WIRE_ADDRESS,   /* uint64_t, and an int at also that says it is there; 0, 0 */
	WIRE_FLAG,      /* int, 0 or 1; 0 */
	WIRE_STRUCT,    /* a struct of field.map, as a map; its fields' values */
	WIRE_TUPLES,    /* const struct *, and a size_t at also: each an array */
	WIRE_MAPS       /* const struct *, and a size_t at also: each a map */
};

struct wire_field {
	const char *key;
	const char *name; /* for people */
	enum wire_kind kind;
	size_t at;
	size_t also;
	const struct wire_map *map;
	int64_t missing;
	int64_t min;
};

struct wire_map {
	const char *name; /* "task", "report" */
	size_t size;      /* of the struct */
	size_t required;  /* of a tuple: it may end after that many fields */
	size_t count;     /* at most 63, one bit each while decoding */
	const struct wire_field *fields;
};

#define WIRE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Appends v and the fields that differ from what a missing key means; out is as it
 * was on failure. */
int wire_encode_map(const struct wire_map *map, const void *from, struct buf *out,
    struct reapq_error *err);

/*
 * Decodes the one object at data into ret_struct, all of which is set; what it
 * points to goes into zone. *ret_used (may be NULL: then nothing may follow) is the
 * object's length. ret_struct is undefined on failure.
 */
int wire_decode_map(const struct wire_map *map, const void *data, size_t len,
    size_t *ret_used, msgpack_zone *zone, void *ret_struct, struct reapq_error *err);

/* A zone for a box, and the other way round. NULL: no memory. */
msgpack_zone *wire_zone_new(void);
/* Replaces what the box held. */
void wire_box_fill(struct wire_box *box, msgpack_zone *zone);

/* len bytes and a NUL, in the zone: exactly that much memory, however large. */
char *wire_zone_copy(msgpack_zone *zone, const void *data, size_t len);
/* Aligned and zeroed. NULL: no memory. */
void *wire_zone_array(msgpack_zone *zone, size_t count, size_t size);

extern const struct wire_map wire_attempt_map;
extern const struct wire_map wire_limits_asked;    /* missing: 0 */
extern const struct wire_map wire_limits_in_force; /* missing: REAPQ_UNLIMITED */

#endif
