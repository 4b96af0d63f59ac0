/*
 * call.h - one attempt as the child sees it: what came over its channel.
 *
 * The reapq_call_ functions of reapq/module.h are in call.c too.
 */
#ifndef RUNNER_CALL_H
#define RUNNER_CALL_H

#include "frame.h"
#include <reapq/module.h>

struct reapq_call {
	int chan_fd;
	struct frame_task head;
	const char *id, *queue, *handler, *cwd;
	char *strings;       /* head.strings_len bytes; the rest point into it */
	char *payload;       /* NULL when it went to standard input */
	int64_t deadline_ms; /* clock_mono_ms() of the time limit; -1: none */
	uint64_t written;
	int too_big;
	char error[FRAME_TEXT_MAX];
};

/*
 * Waits for the task on the channel. 0; 1 when the worker hung up (no task will come);
 * negative errno on a broken channel or no memory. With exec the payload is left in the
 * channel for call_payload_to_stdin().
 */
int call_receive(struct reapq_call *call, int chan_fd);

/* Puts the payload on descriptor 0, in memory, so that no one has to feed it. errno. */
int call_payload_to_stdin(struct reapq_call *call);

/* Sends one frame. Negative errno when the worker hung up. */
int call_send(
    struct reapq_call *call, enum frame_type type, const void *data, size_t len);

/* The strings after cwd, one after the other: first argv, then env. */
char *call_after_cwd(struct reapq_call *call);

#endif
