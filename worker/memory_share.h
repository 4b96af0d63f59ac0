/*
 * memory_share.h - what a task may use of a container that dies as one.
 *
 * Where an OOM kill takes the worker along (tier C!), a task without a limit could take
 * every other down with it. So each slot has its share of the container by default, and no
 * task may ask for more than there is beside the worker.
 */
#ifndef WORKER_MEMORY_SHARE_H
#define WORKER_MEMORY_SHARE_H

#include "config.h"
#include "isolation.h"

struct memory_share {
	int64_t each; /* default of a task */
	int64_t all;  /* most that one may ask for */
};

/* Pure. container: its limit in bytes, > 0; slots: > 0. */
struct memory_share memory_share_of(int64_t container, int slots);

/* Sets default and ceiling where the operator gave none and the tier is C!; says so in the
 * log. */
void memory_share_fit(struct config *config, const struct isolation *iso);

#endif
