/*
 * child.h - one child process as the worker sees it.
 *
 * Life: child_new asks the runner for it (FORKING); when its pid is known it is WARM and
 * waits on its channel; child_dispatch gives it its one task (BUSY); when the kernel says
 * that it ended, everything it had written is read, and on_exit is called once (DEAD). It
 * is then still a zombie, so that its pid and its process group cannot be anybody
 * else's, until child_reap.
 *
 * The wait status comes from waitid on a pidfd, never from an end of file: a grandchild
 * may hold a pipe open for ever.
 */
#ifndef WORKER_CHILD_H
#define WORKER_CHILD_H

#include "capture.h"
#include "frame.h"
#include "runner/crash_page.h"
#include <reapq/report.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child;
struct event_base;
struct isolation;
struct isolation_slot;
struct runner_proc;
struct sandbox;

/* What children are made with; borrowed. */
struct child_origin {
	struct event_base *base;
	struct runner_proc *runner;
	struct isolation *isolation;
	struct sandbox *sandbox; /* NULL: none */
};

enum child_state {
	CHILD_FORKING,
	CHILD_WARM,
	CHILD_BUSY,
	CHILD_DEAD
};

/* Calls of one child come one at a time; none may free it but on_exit may ask for it
 * by child_free after child_reap. */
struct child_watcher {
	void (*on_frame)(enum frame_type type, const void *data, size_t len, void *arg);
	/* It said something that no child of ours says; err has what. */
	void (*on_garbled)(const struct reapq_error *err, void *arg);
	/* It is dead, but somebody who traces it has its status; called every 20 ms until
	 * it is let go. May be NULL. */
	void (*on_held)(void *arg);
	void (*on_exit)(void *arg);
	void *arg;
};

/* gen: never used before. watcher: who hears of its death while it is warm. */
int child_new(struct child **ret_child, const struct child_origin *origin, uint32_t gen,
    const struct child_watcher *watcher, struct reapq_error *err);
/* Kills and reaps it if need be, and gives back what was its alone. */
void child_free(struct child *c);

uint32_t child_gen(const struct child *c);
pid_t child_pid(const struct child *c); /* 0 while FORKING */
/* The user that is its alone; 0: none. */
uint32_t child_uid(const struct child *c);
/* Its cgroup, in which it is from its birth to its end; NULL: the tier has none. */
struct isolation_slot *child_slot(const struct child *c);
enum child_state child_state(const struct child *c);

/* The runner's answer. */
int child_forked(struct child *c, pid_t pid, struct reapq_error *err);

/* Gives a WARM child its task: bytes (a frame_task and what follows) become the
 * child's to free. From now on watcher hears of it. */
int child_dispatch(struct child *c, void *bytes, size_t len, size_t output_limit,
    const struct child_watcher *watcher, struct reapq_error *err);

/* When DEAD: it had died before it could be given its task. */
bool child_missed_task(const struct child *c);
/* When DEAD: it could not come into its cgroup, and did nothing else. */
bool child_was_homeless(const struct child *c);

/* A signal to its whole process group. False if it had ended already: then nothing was
 * sent, and its end is its own. */
bool child_signal(struct child *c, int sig);

/* Asks a BUSY child with a handler where it is; its answer comes into its page. False:
 * it had ended. */
bool child_ask(struct child *c);
bool child_answered(const struct child *c);

/* A copy of the page it shares with us; zeros where it cannot be read. Hostile. */
void child_page(const struct child *c, struct crash_page *ret_page);

/* When DEAD: how it ended, and what it used (wall_ms is the caller's to set). */
int child_wait_code(const struct child *c);
int child_wait_status(const struct child *c);
void child_usage(const struct child *c, struct reapq_usage *ret_usage);
struct capture *child_stdout(struct child *c);
struct capture *child_stderr(struct child *c);

/* Ends the zombie; the pid is free from now on. */
void child_reap(struct child *c);

#endif
