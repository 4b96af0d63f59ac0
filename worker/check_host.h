/* check_host.h - what `reapq-worker --check` prints: what this host allows. */
#ifndef WORKER_CHECK_HOST_H
#define WORKER_CHECK_HOST_H

#include <stdio.h>

void check_host(FILE *out);

#endif
