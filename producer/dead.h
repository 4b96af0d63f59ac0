/* dead.h - what the files of the dead list share. */
#ifndef PRODUCER_DEAD_H
#define PRODUCER_DEAD_H

#include <reapq/admin.h>

struct queue;

/* EINVAL for what is no id, NULL too. */
int dead_check_id(const char *id, struct reapq_error *err);

/* The client is checked, and has that queue. */
int dead_queue(struct queue **ret_queue, struct reapq_client *client, const char *name,
    struct reapq_error *err);

#endif
