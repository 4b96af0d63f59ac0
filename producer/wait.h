/* wait.h - blocking until something is so. */
#ifndef PRODUCER_WAIT_H
#define PRODUCER_WAIT_H

#include "future.h"
#include <reapq/producer.h>
#include <stdbool.h>

typedef bool wait_test_fn(const void *arg);

/*
 * Runs the loop and callbacks until test(arg), at most timeout_ms (0: one look, -1: for
 * ever). 0, ETIMEDOUT, EDEADLK, EFORKED; EINVAL: the client is gone. test is asked again
 * only after the loop ran, so it may not depend on the clock. count (may be NULL) is the
 * client's meanwhile. The client may be gone after it, whatever it returns.
 */
int wait_until(struct reapq_client *client, wait_test_fn *test, const void *arg,
    struct future_count *count, int timeout_ms, struct reapq_error *err);

#endif
