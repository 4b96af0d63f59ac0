/*
 * reaper.h - ends zombies that are nobody's: strangers that a subreaper, or the init of
 * a container, is given by the kernel.
 *
 * It never touches a pid that somebody here waits for. A pid that is not known yet may be
 * a child's whose fork the runner has not told of, so a stranger is reaped only when it
 * was seen before and no fork was open in between.
 */
#ifndef WORKER_REAPER_H
#define WORKER_REAPER_H

#include <reapq/error.h>
#include <stdbool.h>
#include <sys/types.h>

struct reaper;
struct event_base;

struct reaper_options {
	bool (*known)(pid_t pid, void *arg);
	bool (*forking)(void *arg);
	void *arg;
};

int reaper_new(struct reaper **ret_r, struct event_base *base,
    const struct reaper_options *opts, struct reapq_error *err);
void reaper_free(struct reaper *r);

#endif
