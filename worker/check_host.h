/* check_host.h - what `reapq-worker --check` prints: what this host allows. */
#ifndef WORKER_CHECK_HOST_H
#define WORKER_CHECK_HOST_H

#include "config.h"
#include <stdio.h>

/* Prints a row for each; an error only if config asks for a tier that there is not. */
int check_host(const struct config *config, FILE *out, struct reapq_error *err);

#endif
