/* order.h - what common/lua/submit.lua takes; kept until its future settles. */
#ifndef PRODUCER_ORDER_H
#define PRODUCER_ORDER_H

#include "conn.h"
#include <reapq/producer.h>
#include <stdbool.h>
#include <stdint.h>

struct queue;

struct order {
	void *message;
	size_t message_len;
	int64_t start_ms;    /* boot clock; 0: at once */
	int64_t deadline_ms; /* boot clock; 0: none */
	int64_t result_ttl_ms;
	int max_fail, max_lost, priority;
	char unique[REAPQ_ID_MAX + 1];
};

/* Checks and encodes a task. EINVAL, ETOOBIG, ENOMEM. */
int order_new(struct order **ret_order, const struct reapq_task *task, const char *id,
    int64_t payload_max, struct reapq_error *err);
void order_free(struct order *order);

enum {
	ORDER_NOTIFY = 1 << 0, /* the producer wants to hear of its end */
	ORDER_AGAIN = 1 << 1   /* it was accepted before: no policy refuses it now */
};

/* fn gets submit.lua's answer. */
int order_send(const struct order *order, struct queue *queue, const char *id,
    unsigned flags, conn_reply_fn *fn, void *arg, struct reapq_error *err);

#endif
