/* embedded.h - a redis-server of this worker's own, for trying things and for tests. */
#ifndef WORKER_EMBEDDED_H
#define WORKER_EMBEDDED_H

#include "url.h"
#include <reapq/error.h>
#include <sys/types.h>

struct embedded;
struct event_base;

/* Starts redis-server on a unix socket in a fresh directory that only this user may
 * enter, without persistence. It dies with this process. ENOENT: it is not installed. */
int embedded_new(struct embedded **ret_e, struct reapq_error *err);
/* Ends it and removes the directory. */
void embedded_free(struct embedded *e);

/* Where it is: "unix:///tmp/reapq-XXXXXX/redis.sock". */
const char *embedded_url(const struct embedded *e);
pid_t embedded_pid(const struct embedded *e);
/* Tells of its death, which nothing here can mend. */
int embedded_watch(struct embedded *e, struct event_base *base,
    void (*on_death)(const struct reapq_error *err, void *arg), void *arg,
    struct reapq_error *err);
/* Before base is freed. NULL is legal. */
void embedded_unwatch(struct embedded *e);

#endif
