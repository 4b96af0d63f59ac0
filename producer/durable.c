/*
 * durable.c - WAIT and WAITAOF after a batch of submits.
 *
 * Both speak of the writes of one connection. So all submits of such a client go over
 * bulk, which nothing else uses; the wait goes out once all are answered (NOSCRIPT and
 * "not now" send a submit later than what was queued behind it), and is believed only if
 * bulk was not lost in between: a new connection, perhaps to another master, has no
 * writes to wait for and would confirm them at once. It is never sent again for the same
 * reason. What is not confirmed is stored all the same.
 */
#include "durable.h"
#include "call.h"
#include "client.h"
#include "error.h"
#include "reply.h"
#include "server_info.h"

#include <stdio.h>

#define SLACK_MS 2000

/* A command on bulk, once. */
static int
ask_bulk(struct reapq_client *client, int argc, const char *const *argv, int timeout_ms,
    call_parse_fn *parse, void *arg, struct reapq_error *err)
{
	struct call call;
	struct call_ask ask = {.parse = parse, .arg = arg};
	struct conn_request request = {.argc = argc,
	    .argv = argv,
	    .timeout_ms = timeout_ms,
	    .fn = call_answer,
	    .arg = &ask};
	struct reapq_error error = REAPQ_ERROR_INIT;
	struct conn *conn;
	int rc = client_conn_for(client, CLIENT_BULK_MIN, &conn, err);
	if (rc)
		return rc;
	call_init(&call, client);
	call_begin(&call, &ask);
	if (conn_send(conn, &request, &error) != 0)
		call_answer(NULL, &error, &ask);
	return call_wait(&call, err);
}

/* WAIT: how many replicas; WAITAOF: {local, replicas}. */
static int
parse_count(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	size_t n;
	if (reply_array(reply, &n, NULL) == 0)
		return reply_int(reply_at(reply, 0), arg, err);
	return reply_int(reply, arg, err);
}

static int
wait_for_it(
    struct reapq_client *client, int for_ms, int64_t *ret_n, struct reapq_error *err)
{
	char ms[16];
	(void)snprintf(ms, sizeof ms, "%d", for_ms);
	if (client->durability == REAPQ_DURABILITY_AOF)
		return ask_bulk(client, 4,
		    (const char *const[]){"WAITAOF", "1", "0", ms}, for_ms + SLACK_MS,
		    parse_count, ret_n, err);
	return ask_bulk(client, 3, (const char *const[]){"WAIT", "1", ms},
	    for_ms + SLACK_MS, parse_count, ret_n, err);
}

int
durable_check(struct reapq_client *client, struct reapq_error *err)
{
	const struct server_info *info = conn_server(client->cmd);
	int64_t n;
	int rc;
	if (client->durability != REAPQ_DURABILITY_AOF)
		return 0;
	if (!server_info_has_waitaof(info))
		return error_set(err, REAPQ_EREDIS,
		    "durability aof needs WAITAOF, which came with Redis 7.2; this is "
		    "Redis %s: take durability replica, or none",
		    info->version);
	/* The server refuses it where it keeps no append-only file. */
	rc = wait_for_it(client, 1, &n, err);
	return rc ? error_wrap(err, rc, "durability aof") : 0;
}

int
durable_begin(struct reapq_client *client, unsigned *ret_epoch, struct reapq_error *err)
{
	int rc = 0;
	*ret_epoch = 0;
	if (client->durability == REAPQ_DURABILITY_NONE)
		return 0;
	if (!client->bulk || !conn_up(client->bulk))
		rc = ask_bulk(client, 1, (const char *const[]){"PING"},
		    client->call_timeout_ms, NULL, NULL, err);
	if (rc == 0)
		*ret_epoch = conn_epoch(client->bulk);
	return rc;
}

int
durable_confirm(
    struct reapq_client *client, unsigned epoch, size_t n, struct reapq_error *err)
{
	bool aof = client->durability == REAPQ_DURABILITY_AOF;
	struct reapq_error why = REAPQ_ERROR_INIT;
	int64_t got = 0;
	int rc;
	if (client->durability == REAPQ_DURABILITY_NONE)
		return 0;
	rc = wait_for_it(client, client->durability_timeout_ms, &got, &why);
	if (rc == 0 && epoch != conn_epoch(client->bulk))
		(void)error_set(&why, REAPQ_ECONN, "the connection was lost meanwhile");
	else if (rc == 0 && got < 1)
		(void)error_set(&why, REAPQ_ETIMEDOUT, "%s within %d ms",
		    aof ? "it is not on Redis's disk" : "no replica has it",
		    client->durability_timeout_ms);
	if (why.code == 0)
		return 0;
	return error_set(err, REAPQ_EUNCONFIRMED,
	    "%zu task%s submitted, but not confirmed: %s", n,
	    n == 1 ? " was" : "s were", why.msg);
}
