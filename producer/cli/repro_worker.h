/* repro_worker.h - a worker of one slot with a Redis of its own, for one task. */
#ifndef CLI_REPRO_WORKER_H
#define CLI_REPRO_WORKER_H

#include <sys/types.h>

#include "options.h"
#include "repro_task.h"

struct repro_worker {
	pid_t pid; /* 0: none */
	int pid_fd;
	char url[128];
};

/* Returns when its Redis can be used. 0, or an exit status, said. */
int repro_worker_start(
    struct repro_worker *w, const struct options *opts, const struct repro_task *task);

/*
 * Runs the task there. 0 and a future that is done, of *ret_client, both to be freed;
 * else an exit status, said.
 */
int repro_worker_run(struct repro_worker *w, const struct repro_task *task,
    struct reapq_client **ret_client, struct reapq_future **ret_future);

/* Ends it, and waits for that. */
void repro_worker_end(struct repro_worker *w);

#endif
