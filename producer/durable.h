/* durable.h - waits until what was submitted is as safe as the client asked for. */
#ifndef PRODUCER_DURABLE_H
#define PRODUCER_DURABLE_H

#include <reapq/producer.h>
#include <stddef.h>

/* EREDIS: this server cannot give the client's durability. */
int durable_check(struct reapq_client *client, struct reapq_error *err);

/* Before a batch: the connection that its submits will go over is up; *ret_epoch names
 * it. Nothing without durability. */
int durable_begin(
    struct reapq_client *client, unsigned *ret_epoch, struct reapq_error *err);

/* After the answers to all of it: one wait for n tasks. EUNCONFIRMED. */
int durable_confirm(
    struct reapq_client *client, unsigned epoch, size_t n, struct reapq_error *err);

#endif
