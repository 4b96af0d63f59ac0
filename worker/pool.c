/*
 * pool.c - owns the children that have no task yet.
 *
 * Invariants: every child in the array is FORKING or WARM and nobody else's; gens are
 * never used twice. The pool never asks the runner for more than it wants, and after a
 * failure not before a back-off has passed.
 */
#include "pool.h"

#include "backoff.h"
#include "error.h"
#include "rnd.h"
#include "runner_proc.h"
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define POOL_MAX 256
#define FORKING_MAX 32 /* the link holds so many requests with ease */

struct pool {
	struct pool_options opts;
	struct child *children[POOL_MAX];
	int n;
	int forking; /* of those, asked for and not answered */
	int slots;
	uint32_t next_gen;
	struct event *ev_again;
	bool waiting; /* ev_again is pending */
	struct backoff backoff;
};

static void refill(struct pool *p);

static void
remove_at(struct pool *p, int i)
{
	memmove(&p->children[i], &p->children[i + 1],
	    (size_t)(--p->n - i) * sizeof(struct child *));
}

static int
index_of(const struct pool *p, uint32_t gen)
{
	for (int i = 0; i < p->n; i++)
		if (child_gen(p->children[i]) == gen)
			return i;
	return -1;
}

static void
refill_later(struct pool *p)
{
	struct timeval tv;
	int64_t ms;

	if (p->waiting)
		return;
	ms = backoff_next_ms(&p->backoff, rnd_u32());
	tv.tv_sec = ms / 1000;
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	p->waiting = event_add(p->ev_again, &tv) == 0;
}

static void
trouble(struct pool *p, const char *what, const struct reapq_error *err)
{
	p->opts.on_trouble(what, err, p->opts.arg);
	refill_later(p);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct pool *p = arg;

	(void)fd;
	(void)what;
	p->waiting = false;
	refill(p);
}

/* A warm child that ends has had no task: nothing is lost but the fork. */
static void
on_warm_exit(void *arg)
{
	struct pool *p = arg;
	struct reapq_error err = REAPQ_ERROR_INIT;

	for (int i = 0; i < p->n; i++) {
		struct child *c = p->children[i];

		if (child_state(c) != CHILD_DEAD)
			continue;
		(void)error_set(&err, REAPQ_ESYS,
		    "child %d ended with code %d, status %d%s", (int)child_pid(c),
		    child_wait_code(c), child_wait_status(c),
		    child_was_homeless(c) ? ": it could not enter its cgroup" : "");
		child_reap(c);
		remove_at(p, i);
		child_free(c);
		trouble(p, "a warm child ended before it had a task", &err);
		return;
	}
}

static int
wanted(const struct pool *p)
{
	int want = p->slots > p->opts.spare ? p->slots : p->opts.spare;

	return want < POOL_MAX ? want : POOL_MAX;
}

static void
refill(struct pool *p)
{
	struct child_watcher watcher = {.on_exit = on_warm_exit, .arg = p};
	struct reapq_error err = REAPQ_ERROR_INIT;

	if (p->waiting || p->opts.origin.runner == NULL ||
	    !runner_proc_ready(p->opts.origin.runner))
		return;
	while (p->n < wanted(p) && p->forking < FORKING_MAX) {
		if (child_new(&p->children[p->n], &p->opts.origin, ++p->next_gen,
			&watcher, &err) != 0) {
			trouble(p, "cannot fork a child", &err);
			return;
		}
		p->n++;
		p->forking++;
	}
}

int
pool_new(
    struct pool **ret_pool, const struct pool_options *opts, struct reapq_error *err)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for the pool");
	p->opts = *opts;
	p->backoff.min_ms = 10;
	p->backoff.max_ms = 2000;
	p->ev_again = evtimer_new(opts->origin.base, on_again, p);
	if (p->ev_again == NULL) {
		free(p);
		return error_set(err, REAPQ_ENOMEM, "no memory for a timer");
	}
	*ret_pool = p;
	return 0;
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < p->n; i++)
		child_free(p->children[i]);
	event_free(p->ev_again);
	free(p);
}

void
pool_set_runner(struct pool *p, struct runner_proc *runner)
{
	p->opts.origin.runner = runner;
	refill(p);
}

void
pool_want(struct pool *p, int slots)
{
	p->slots = slots;
	refill(p);
}

struct child *
pool_take(struct pool *p)
{
	for (int i = 0; i < p->n; i++) {
		struct child *c = p->children[i];

		if (child_state(c) == CHILD_WARM) {
			remove_at(p, i);
			/* it came through its setting up: forking works */
			backoff_reset(&p->backoff);
			refill(p);
			return c;
		}
	}
	return NULL;
}

void
pool_forked(struct pool *p, uint32_t gen, pid_t pid, int error)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int i = index_of(p, gen);
	int rc;

	if (i < 0)
		return;
	p->forking--;
	rc = error == 0 ? child_forked(p->children[i], pid, &err)
			: error_sys(&err, error, "clone in the runner");
	if (rc != 0) {
		child_free(p->children[i]);
		remove_at(p, i);
		trouble(p, "cannot fork a child", &err);
		return;
	}
	refill(p);
	p->opts.on_warm(p->opts.arg);
}

bool
pool_owns(const struct pool *p, pid_t pid)
{
	for (int i = 0; i < p->n; i++)
		if (child_pid(p->children[i]) == pid)
			return true;
	return false;
}
