/*
 * frame.h - what worker and child say to each other on the child's channel.
 *
 * Both ends run on one machine and come from one build, so frames are structs in
 * native order. The child trusts the worker; the worker trusts nothing: a frame
 * from a child is a header of a known type with a length within bounds, or the
 * child is killed (frame_reader_feed fails).
 */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H

#include <reapq/error.h>
#include <reapq/task.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAGIC 0x52455051u
#define FRAME_TEXT_MAX 4096u /* error, refused */
#define FRAME_LOG_MAX 1024u
#define FRAME_PART_MAX (1u << 20)

/*
 * Worker to child, once: this header, then strings_len bytes of NUL-terminated
 * strings (id, queue, handler, cwd or "", argc of argv, envc of env), then payload.
 */
struct frame_task {
	uint32_t magic;
	uint32_t strings_len;
	uint64_t payload_len;
	uint32_t argc, envc;
	int32_t attempt;
	uint32_t reserved;
	int64_t time_left_ms;       /* -1: no time limit */
	struct reapq_limits limits; /* in force; REAPQ_UNLIMITED: none */
};

enum frame_type {
	FRAME_PART = 1, /* bytes of the result */
	FRAME_DONE,     /* returned; the result is whole. Empty */
	FRAME_FAILED,   /* the handler's error text */
	FRAME_LOG,      /* one line */
	FRAME_REFUSED,  /* not started: why, as text */
	FRAME_TOO_BIG,  /* the result would pass its limit. Empty */
	FRAME_TYPE_COUNT
};

/* Child to worker: this header, then len bytes. */
struct frame_header {
	uint32_t magic;
	uint32_t type;
	uint32_t len;
};

/*
 * Pure decoder of the child's stream: feed it bytes as they come, get events. A
 * PART's bytes are handed on as they arrive (several events for one frame); the
 * other types come whole.
 */
struct frame_reader {
	struct frame_header head;
	size_t head_len; /* bytes of head so far */
	size_t body_len; /* bytes of the body so far */
	char text[FRAME_TEXT_MAX];
};

/* data is lent for the call. Not 0: stop; frame_reader_feed returns it. */
typedef int frame_fn(enum frame_type type, const void *data, size_t len, void *arg);

/*
 * EPROTO: wrong magic, unknown type, or a length over that type's bound; the
 * reader is then useless.
 */
int frame_reader_feed(struct frame_reader *r, const void *data, size_t len,
    frame_fn *fn, void *arg, struct reapq_error *err);

/* 1 if the stream stopped inside a frame. */
int frame_reader_partial(const struct frame_reader *r);

#endif
