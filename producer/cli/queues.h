/* queues.h - the table of queues, which `queues` and `status` print. */
#ifndef CLI_QUEUES_H
#define CLI_QUEUES_H

#include <reapq/admin.h>
#include <stdbool.h>

/* A table, or one JSON object a queue. The exit status; failures are said. */
int queues_print(struct reapq_client *client, bool json);

#define QUEUES_RATE_MAX 64

/* "10/s", "" for none; into buf, or static. */
const char *queues_rate(const struct reapq_queue_info *q, char buf[QUEUES_RATE_MAX]);
/* "open", "paused", "draining", "paused, draining". */
const char *queues_state(const struct reapq_queue_info *q);

#endif
