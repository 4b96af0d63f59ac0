/* queues.h - the table of queues, which `queues` and `status` print. */
#ifndef CLI_QUEUES_H
#define CLI_QUEUES_H

#include <reapq/producer.h>
#include <stdbool.h>

/* A table, or one JSON object a queue. The exit status; failures are said. */
int queues_print(struct reapq_client *client, bool json);

#endif
