/*
 * skim.h - proves that untrusted MessagePack is bounded before it is unpacked.
 *
 * msgpack-c 4.0.0 allocates by the declared count (537 MB for 5 bytes, see
 * github.com/msgpack/msgpack-c/issues/1013) and accepts trailing bytes. skim walks
 * the bytes first, without recursion or allocation. Format:
 * github.com/msgpack/msgpack/blob/master/spec.md.
 */
#ifndef CORE_SKIM_H
#define CORE_SKIM_H

#include <reapq/error.h>
#include <stddef.h>

#define SKIM_DEPTH_MAX 16
#define SKIM_NODES_MAX 65536

/*
 * Walks one object at data. On success *ret_used (may be NULL) is its length in
 * bytes, at most len. EPROTO: truncated, deeper than SKIM_DEPTH_MAX, more than
 * SKIM_NODES_MAX nodes, a container that declares more elements than bytes are
 * left, or the reserved byte 0xc1; the message has the offset.
 */
int skim_object(
    const void *data, size_t len, size_t *ret_used, struct reapq_error *err);

/* The same, and the object must be all there is and be a map. */
int skim_map(const void *data, size_t len, struct reapq_error *err);

#endif
