/*
 * drain.h - how a worker is told to end, and how long that may take.
 *
 * The first SIGTERM or SIGINT begins the drain: attempts may end by themselves within the
 * grace, then they are stopped, and after the kill grace and five seconds more for the last
 * reports the drain gives up. A second signal stops them at once.
 */
#ifndef WORKER_DRAIN_H
#define WORKER_DRAIN_H

#include <reapq/error.h>
#include <stdbool.h>
#include <stdint.h>

struct drain;
struct event_base;

struct drain_options {
	int64_t grace_ms, kill_grace_ms;
	void (*begin)(int sig, void *arg); /* take no more work */
	void (*stop)(bool now, void *arg); /* stop what runs: politely, or now */
	void (*give_up)(const struct reapq_error *err, void *arg);
	void *arg;
};

/* Catches the signals from now on. */
int drain_new(struct drain **ret_d, struct event_base *base,
    const struct drain_options *opts, struct reapq_error *err);
void drain_free(struct drain *d);

/*
 * While nobody catches the signals, before drain_new and after drain_free: keeps them
 * waiting, so that what this process has to undo is undone. A fork inherits it.
 */
void drain_hold(bool on);

bool drain_begun(const struct drain *d);

#endif
