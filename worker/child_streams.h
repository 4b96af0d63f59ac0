/*
 * child_streams.h - what goes between the worker and one child: its channel, its stdout and
 * stderr, and the task on its way in.
 *
 * Ends of file mean nothing here: a grandchild may hold a pipe open for ever. The child's
 * death is told by its pidfd, and then child_streams_drain reads what there still is.
 */
#ifndef WORKER_CHILD_STREAMS_H
#define WORKER_CHILD_STREAMS_H

#include "capture.h"
#include "frame.h"
#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>

struct event;
struct event_base;
struct child_watcher;

struct child_streams {
	struct event_base *base;
	const struct child_watcher *watcher; /* borrowed; whom to tell of frames */
	int chan_fd, out_fd, err_fd;
	struct event *ev_chan, *ev_chan_write, *ev_out, *ev_err;
	char *task; /* what the child has not taken yet */
	size_t task_len, task_off;
	struct frame_reader reader;
	bool garbled, missed;
	bool unread; /* it ended without having taken all of its task, or any */
	struct capture out, err;
};

/* Ours and the child's ends: channel, stdout, stderr; theirs are the caller's to close,
 * -1 where there is none. Negative errno; what was opened is closed by child_streams_free. */
int child_streams_open(
    struct child_streams *s, struct event_base *base, int ret_theirs[3]);

/* Sends the task (bytes become the streams' to free) and listens from now on. */
int child_streams_start(struct child_streams *s, void *bytes, size_t len,
    size_t output_limit, const struct child_watcher *watcher, struct reapq_error *err);

/* What the kernel still holds, within a bound; then all are closed. */
void child_streams_drain(struct child_streams *s);

void child_streams_free(struct child_streams *s);

#endif
