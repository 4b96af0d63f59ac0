/* follow.h - submits one task and stays with it until it has ended. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include <reapq/producer.h>

#include "options.h"

/*
 * 0: *ret_future is done; the caller's to free. Else an exit status, said: 125, or
 * 128 + N after signal N, which stops the task as well.
 */
int follow_task(const struct options *opts, struct reapq_client *client,
    const struct reapq_task *task, struct reapq_future **ret_future);

/* Milliseconds until a monotonic time for a poll: at least 0; -1 for never (-1). */
int follow_left_ms(int64_t until_ms);

#endif
