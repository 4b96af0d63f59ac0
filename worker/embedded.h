/* embedded.h - a redis-server of this worker's own, for trying things and for tests. */
#ifndef WORKER_EMBEDDED_H
#define WORKER_EMBEDDED_H

#include "url.h"
#include <reapq/error.h>
#include <sys/types.h>

struct embedded;

/* Starts redis-server on a unix socket in a fresh directory that only this user may
 * enter, without persistence. It dies with this process. ENOENT: it is not installed. */
int embedded_new(struct embedded **ret_e, struct reapq_error *err);
/* Ends it and removes the directory. */
void embedded_free(struct embedded *e);

/* Where it is: "unix:///tmp/reapq-XXXXXX/redis.sock". */
const char *embedded_url(const struct embedded *e);
pid_t embedded_pid(const struct embedded *e);
/* Readable once it is dead; the embedded's own. */
int embedded_pid_fd(const struct embedded *e);

#endif
