/* worker_id.h - a name for this life of this worker. */
#ifndef WORKER_WORKER_ID_H
#define WORKER_WORKER_ID_H

#include <reapq/task.h>

#define WORKER_HOST_MAX 64 /* HOST_NAME_MAX on Linux, gethostname(2) */

/*
 * HOST-PID-NONCE, without dots (a claim token is it, a dot and a number): the host's name
 * up to its first dot, at most 24 bytes, other bytes than [A-Za-z0-9_-] as '-'. The nonce
 * makes it new each start, so that an earlier life's claims are not taken for ours.
 */
void worker_id_make(char ret_id[REAPQ_ID_MAX + 1], char ret_host[WORKER_HOST_MAX + 1]);

#endif
