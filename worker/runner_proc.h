/*
 * runner_proc.h - the runner process as the worker sees it: started, asked, replaced.
 *
 * One at a time. When it dies it is started again after a back-off; children that it
 * forked go on, as they are the worker's own. One that dies before it was ever ready
 * is a configuration error: on_broken is called and nothing is tried again.
 */
#ifndef WORKER_RUNNER_PROC_H
#define WORKER_RUNNER_PROC_H

#include "runner/link.h"
#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct runner_proc;
struct event_base;

struct runner_proc_options {
	const char *path;     /* of reapq-runner */
	char *const *modules; /* borrowed for the life of the runner_proc */
	size_t modules_count;
	int sandbox_fd;              /* borrowed; -1: none */
	void (*on_ready)(void *arg); /* modules are loaded: spawn at will */
	/* error 0: pid is the child's. Else it could not be forked. */
	void (*on_spawned)(uint32_t gen, pid_t pid, int error, void *arg);
	/* It died; spawns without an answer are lost (on_spawned was called for each
	 * with ECHILD). It comes back by itself. */
	void (*on_died)(const char *how, void *arg);
	void (*on_broken)(const struct reapq_error *err, void *arg);
	void *arg;
};

int runner_proc_new(struct runner_proc **ret_r, struct event_base *base,
    const struct runner_proc_options *opts, struct reapq_error *err);
/* Closes the link, which ends the runner, and kills it to be sure. */
void runner_proc_free(struct runner_proc *r);

bool runner_proc_ready(const struct runner_proc *r);
pid_t runner_proc_pid(const struct runner_proc *r); /* 0: none now */

/* What a child is to have; see runner/link.h. */
struct runner_spawn {
	uint32_t gen;
	uint32_t uid;          /* its own; 0: none */
	int fds[LINK_FDS_MAX]; /* channel, stdout, stderr, crash page; of its cgroups */
	int fds_n;
	bool into; /* the first of its cgroups' is a directory for clone3 */
};

/* The descriptors stay the caller's to close. EAGAIN-like failures are ESYS: try again
 * when something was answered. */
int runner_proc_spawn(
    struct runner_proc *r, const struct runner_spawn *spawn, struct reapq_error *err);

/* Whether a spawn asked up to now is unanswered: a pid may be a child's that is not
 * known yet. */
bool runner_proc_spawning(const struct runner_proc *r);

/* Is there a handler of this name in the modules? names: all, separated by spaces. */
bool runner_proc_handles(const struct runner_proc *r, const char *handler);
const char *runner_proc_handlers(struct runner_proc *r);

/* The file: $REAPQ_RUNNER, else beside this program, else ../libexec/reapq. ENOENT
 * names the places. */
int runner_proc_find(char *ret_path, size_t cap, struct reapq_error *err);

#endif
