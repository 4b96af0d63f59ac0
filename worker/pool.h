/*
 * pool.h - children kept warm, so that forking is off the path between a task and its
 * start. Decides how many; child.c and runner_proc.c do the forking.
 *
 * A warm child serves one attempt only. When warm ones die by themselves, or cannot be
 * forked, the pool waits before it asks for more.
 */
#ifndef WORKER_POOL_H
#define WORKER_POOL_H

#include "child.h"
#include <reapq/error.h>

struct pool;

struct pool_options {
	struct child_origin origin; /* its runner by pool_set_runner when made later */
	int spare;                  /* warm ones beside the free slots' */
	void (*on_warm)(void *arg); /* pool_take will give one */
	void (*on_trouble)(const char *what, const struct reapq_error *err, void *arg);
	void *arg;
};

int pool_new(
    struct pool **ret_pool, const struct pool_options *opts, struct reapq_error *err);
void pool_free(struct pool *p);

void pool_set_runner(struct pool *p, struct runner_proc *runner);

/* How many slots may want a child soon; the pool refills towards max(slots, spare). */
void pool_want(struct pool *p, int slots);

/* A warm child, now the caller's; NULL: none yet, on_warm will tell. */
struct child *pool_take(struct pool *p);

/* The runner's answers. */
void pool_forked(struct pool *p, uint32_t gen, pid_t pid, int error);

/* Is this the pid of a child in the pool? */
bool pool_owns(const struct pool *p, pid_t pid);

#endif
