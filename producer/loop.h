/*
 * loop.h - runs the client's event loop inside calls, and lends it to foreign loops.
 *
 * The loop never runs user code: futures that settle are put on client->ready, and
 * loop_deliver() calls back after the loop has returned, so that a callback may itself
 * make calls that run the loop.
 */
#ifndef PRODUCER_LOOP_H
#define PRODUCER_LOOP_H

#include <reapq/producer.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;

int loop_new(
    struct loop **ret_loop, struct reapq_client *client, struct reapq_error *err);
/* forked: only close what is ours; the parent's epoll sets stay as they are. */
void loop_free(struct loop *loop);

/* Something that a call may be waiting for has happened: loop_run() returns. */
void loop_stir(struct reapq_client *client);

/* Waits for events until loop_stir(), or until at_ms (CLOCK_MONOTONIC; -1: never). */
void loop_run(struct reapq_client *client, int64_t at_ms);

/* Handles what is there now, without waiting. */
void loop_poll(struct reapq_client *client);

/* The same, if the loop has not run for a second. */
void loop_poll_if_stale(struct reapq_client *client);

/* At the end of each call that may have sent something, or settled a future, since the
 * loop last ran: reapq_fd() is to show it. */
void loop_mirror(const struct reapq_client *client);

/* Runs the callbacks of futures that are done, unless one is running. */
void loop_deliver(struct reapq_client *client);

/* Calls one callback, marking that it runs. */
void loop_call_back(struct reapq_client *client, struct reapq_future *future,
    reapq_done_fn *fn, void *arg);

#endif
