/*
 * client.h - what a client owns: a private loop, up to three connections, the queues
 * it uses and every future on them.
 *
 *   cmd   everything that answers at once: scripts, reads of results
 *   blk   the blocking wait for hints, made with the first future
 *   bulk  tasks of BULK_MIN and more, so that they don't hold up cmd; made when needed
 *
 * Threads: one at a time. Nothing here calls back into user code but loop_deliver().
 */
#ifndef PRODUCER_CLIENT_H
#define PRODUCER_CLIENT_H

#include "conn.h"
#include "future.h"
#include "lookup.h"
#include "url.h"
#include <reapq/producer.h>
#include <stdbool.h>
#include <sys/types.h>

#define CLIENT_BULK_MIN ((size_t)256 << 10)

struct event_base;
struct loop;
struct queue;
struct watch;

TAILQ_HEAD(set_list, reapq_set);

struct reapq_client {
	struct event_base *base;
	struct conn *cmd, *blk, *bulk; /* blk and bulk: NULL until needed */
	struct loop *loop;
	struct watch *watch;
	struct queue *queues;
	struct lookup lookup;     /* pending futures by queue and id */
	struct future_list all;   /* every future, and those freed while in use */
	struct future_list ready; /* done, and the callback is still to run */
	struct set_list sets;
	struct future_count *count; /* of the wait that runs; NULL: none */
	uint32_t wait_number;       /* futures marked with it belong to that wait */
	size_t open;                /* pending futures */
	pid_t owner;                /* of the process that made it */
	char pid[REAPQ_ID_LEN + 1]; /* what Redis knows this producer by */
	bool in_callback;
	bool freed; /* by the callback that runs: it goes when that has returned */
	bool news;  /* something settled since the last reapq_process() */
	bool blk_was_up;

	struct url url;
	char *name;
	int connect_timeout_ms, call_timeout_ms;
	int64_t payload_max, result_max;
	bool forget_payloads, allow_eviction;
	enum reapq_durability durability;
	int durability_timeout_ms;
	char warning[256];
};

/* EINVAL for NULL, EFORKED: at the head of every call that talks. */
int client_check(const struct reapq_client *client, struct reapq_error *err);

/* At the end of every call that has run callbacks: frees the client if one of them
 * asked for it, unless this call was made by a callback. True: it is gone. */
bool client_free_if_asked(struct reapq_client *client);

/* Makes blk if there is none yet. */
int client_need_blk(struct reapq_client *client, struct reapq_error *err);

/* The connection for a task of that size; may make bulk. */
int client_conn_for(struct reapq_client *client, size_t len, struct conn **ret_conn,
    struct reapq_error *err);

/* Copies a caller's struct of src_size bytes over one of ours; what it doesn't know of
 * stays 0. EINVAL: no size, or it sets what this version doesn't know of. */
int client_copy_sized(void *dst, size_t dst_size, const void *src, size_t src_size,
    const char *what, struct reapq_error *err);

#endif
