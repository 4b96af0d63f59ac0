/*
 * supervisor.h - the worker: wires its parts together and runs until told to end.
 */
#ifndef WORKER_SUPERVISOR_H
#define WORKER_SUPERVISOR_H

#include "config.h"
#include <reapq/error.h>

/*
 * Runs until SIGTERM or SIGINT and a clean drain: 0. An error if it could not start, or
 * could not hand in everything before it had to end.
 */
int supervisor_run(const struct config *config, struct reapq_error *err);

#endif
