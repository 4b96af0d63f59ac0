/*
 * client.c - makes and frees clients.
 *
 * Invariants: cmd exists for the client's whole life. Whatever may be pending as the
 * argument of a request (futures, queues, peeks) is freed after the connections. It
 * never retries the first connection: a Redis that is not there is an error at once, one
 * that is not ready is waited for;
 * one that goes away later is waited for. A client that a callback frees outlives the
 * call that runs the callback.
 */
#include "client.h"
#include "clock.h"
#include "durable.h"
#include "error.h"
#include "id.h"
#include "loop.h"
#include "queue.h"
#include "server_info.h"
#include "set.h"
#include "watch.h"

#include <event2/event.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BULK_WATCHDOG_MS 5000
#define DURABILITY_TIMEOUT_MAX_MS 600000
#define BLK_WATCHDOG_MS 7000 /* a blocking wait may rightly be silent for 2 s */

int
client_check(const struct reapq_client *client, struct reapq_error *err)
{
	if (!client || client->freed)
		return error_set(
		    err, REAPQ_EINVAL, "no client: it is NULL or was freed");
	if (client->owner != getpid())
		return error_set(err, REAPQ_EFORKED,
		    "the client was made in process %ld, before a fork: make a new one "
		    "in this process",
		    (long)client->owner);
	return 0;
}

int
client_copy_sized(void *dst, size_t dst_size, const void *src, size_t src_size,
    const char *what, struct reapq_error *err)
{
	const char *bytes = src;
	if (src_size < sizeof(size_t))
		return error_set(err, REAPQ_EINVAL,
		    "%s has no size: start from its _INIT value", what);
	for (size_t i = dst_size; i < src_size; i++)
		if (bytes[i])
			return error_set(err, REAPQ_EINVAL,
			    "%s sets a field that this version of libreapq (%s) "
			    "doesn't "
			    "know",
			    what, REAPQ_VERSION);
	memset(dst, 0, dst_size);
	memcpy(dst, src, src_size < dst_size ? src_size : dst_size);
	return 0;
}

static void
on_cmd_state(bool up, const struct reapq_error *err, void *arg)
{
	struct reapq_client *client = arg;
	(void)err;
	if (up)
		watch_resync(client);
	loop_stir(client);
}

static void
on_blk_state(bool up, const struct reapq_error *err, void *arg)
{
	struct reapq_client *client = arg;
	(void)err;
	/* What was missed while it was away; there was nothing before the first time. */
	if (up && client->blk_was_up)
		watch_resync(client);
	client->blk_was_up = client->blk_was_up || up;
}

static int
connection(struct reapq_client *client, struct conn **ret_conn, conn_state_fn *on_state,
    int watchdog_ms, struct reapq_error *err)
{
	struct conn_options opts = {
	    .url = &client->url,
	    .client_name = client->name,
	    .connect_timeout_ms = client->connect_timeout_ms,
	    .watchdog_ms = watchdog_ms,
	    .check_server = client->cmd == NULL,
	    .allow_eviction = client->allow_eviction,
	    .on_state = on_state,
	    .arg = client,
	};
	return conn_new(ret_conn, client->base, &opts, err);
}

int
client_need_blk(struct reapq_client *client, struct reapq_error *err)
{
	if (client->blk)
		return 0;
	return connection(client, &client->blk, on_blk_state, BLK_WATCHDOG_MS, err);
}

int
client_conn_for(struct reapq_client *client, size_t len, struct conn **ret_conn,
    struct reapq_error *err)
{
	int rc = 0;
	/* A wait for durability holds up all that comes after it. */
	if (len < CLIENT_BULK_MIN && !client->durability) {
		*ret_conn = client->cmd;
		return 0;
	}
	if (!client->bulk)
		rc = connection(client, &client->bulk, NULL,
		    BULK_WATCHDOG_MS + client->durability_timeout_ms, err);
	if (rc == 0)
		*ret_conn = client->bulk;
	return rc;
}

static int
take_options(struct reapq_client *client, const struct reapq_client_options *given,
    struct reapq_error *err)
{
	struct reapq_client_options o = REAPQ_CLIENT_OPTIONS_INIT;
	int rc;
	if (given) {
		rc = client_copy_sized(
		    &o, sizeof o, given, given->size, "the client's options", err);
		if (rc)
			return rc;
	}
	rc = url_parse(o.url ? o.url : URL_DEFAULT, &client->url, err);
	if (rc)
		return rc;
	if (o.password) {
		if (strlen(o.password) >= sizeof client->url.password)
			return error_set(err, REAPQ_EINVAL,
			    "the password is longer than %zu bytes",
			    sizeof client->url.password - 1);
		memcpy(client->url.password, o.password, strlen(o.password) + 1);
	}
	if (o.connect_timeout_ms < 0 || o.call_timeout_ms < 0)
		return error_set(err, REAPQ_EINVAL,
		    "a timeout is negative: connect %d ms, call %d ms; 0 is the "
		    "default",
		    o.connect_timeout_ms, o.call_timeout_ms);
	if (o.payload_max < 0 || o.result_max < 0)
		return error_set(err, REAPQ_EINVAL,
		    "a size is negative: payload_max %lld, result_max %lld; 0 is the "
		    "default",
		    (long long)o.payload_max, (long long)o.result_max);
	if ((unsigned)o.durability > REAPQ_DURABILITY_REPLICA ||
	    o.durability_timeout_ms < 0 ||
	    o.durability_timeout_ms > DURABILITY_TIMEOUT_MAX_MS)
		return error_set(err, REAPQ_EINVAL,
		    "durability %d, timeout %d ms: none of enum reapq_durability, or "
		    "not from 0 to %d ms",
		    (int)o.durability, o.durability_timeout_ms,
		    DURABILITY_TIMEOUT_MAX_MS);
	client->name = strdup(o.name ? o.name : "reapq");
	if (!client->name)
		return error_set(err, REAPQ_ENOMEM, "no memory for a client");
	client->connect_timeout_ms = o.connect_timeout_ms ? o.connect_timeout_ms : 5000;
	client->call_timeout_ms = o.call_timeout_ms ? o.call_timeout_ms : 10000;
	client->payload_max = o.payload_max ? o.payload_max : REAPQ_PAYLOAD_MAX;
	client->result_max = o.result_max ? o.result_max : 4 * REAPQ_RESULT_MAX;
	client->forget_payloads = o.forget_payloads != 0;
	client->allow_eviction = o.allow_eviction != 0;
	client->durability = o.durability;
	client->durability_timeout_ms =
	    o.durability_timeout_ms ? o.durability_timeout_ms : 1000;
	return 0;
}

static int
make_base(struct reapq_client *client, struct reapq_error *err)
{
	struct event_config *config = event_config_new();
	if (config && event_config_set_flag(config,
			  EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV) == 0)
		client->base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	if (!client->base)
		return error_set(err, REAPQ_ESYS,
		    "cannot make an event loop: is the process out of descriptors?");
	return 0;
}

/* The first connection: up, or why not. */
static int
connect_first(struct reapq_client *client, struct reapq_error *err)
{
	int64_t at_ms = clock_mono_ms() + client->connect_timeout_ms;
	int rc = connection(client, &client->cmd, on_cmd_state, 0, err);
	char where[640];
	if (rc)
		return rc;
	while (!conn_up(client->cmd)) {
		const struct reapq_error *why = conn_error(client->cmd);
		bool passes = why->code == REAPQ_ECONN && why->sys == EAGAIN &&
			      clock_mono_ms() < at_ms;
		if ((why->code == REAPQ_EREDIS || why->code == REAPQ_ECONN) &&
		    !passes) {
			if (err)
				*err = *why;
			return why->code;
		}
		if (clock_mono_ms() >= at_ms)
			return error_set(err, REAPQ_ECONN,
			    "no Redis at %s: no answer within %d ms",
			    url_format(&client->url, where, sizeof where),
			    client->connect_timeout_ms);
		loop_run(client, at_ms);
	}
	return 0;
}

static void
set_warning(struct reapq_client *client)
{
	const struct server_info *info = conn_server(client->cmd);
	if (info->denied)
		(void)snprintf(client->warning, sizeof client->warning,
		    "the ACL denies INFO: neither the server's version nor that it "
		    "does not evict tasks can be seen");
	else if (server_info_evicts(info))
		(void)snprintf(client->warning, sizeof client->warning,
		    "Redis may evict tasks: its maxmemory-policy is %s", info->policy);
}

const char *
reapq_client_warning(const struct reapq_client *client)
{
	return client->warning;
}

int
reapq_client_new(struct reapq_client **ret_client,
    const struct reapq_client_options *opts, struct reapq_error *err)
{
	struct reapq_client *client;
	int rc;
	if (!ret_client)
		return error_set(err, REAPQ_EINVAL, "ret_client is NULL");
	client = calloc(1, sizeof *client);
	if (!client)
		return error_set(err, REAPQ_ENOMEM, "no memory for a client");
	TAILQ_INIT(&client->all);
	TAILQ_INIT(&client->ready);
	TAILQ_INIT(&client->sets);
	client->owner = getpid();
	id_make(client->pid);
	rc = take_options(client, opts, err);
	if (rc == 0)
		rc = make_base(client, err);
	if (rc == 0)
		rc = loop_new(&client->loop, client, err);
	if (rc == 0)
		rc = watch_new(&client->watch, client, err);
	if (rc == 0)
		rc = connect_first(client, err);
	if (rc == 0)
		rc = durable_check(client, err);
	if (rc == 0)
		set_warning(client);
	if (rc) {
		reapq_client_free(client);
		return rc;
	}
	*ret_client = client;
	return 0;
}

static void
detach_all(struct reapq_client *client)
{
	struct reapq_future *future;
	struct reapq_set *set;
	while ((future = TAILQ_FIRST(&client->all)))
		future_detach(future);
	while ((set = TAILQ_FIRST(&client->sets))) {
		TAILQ_REMOVE(&client->sets, set, in_client);
		set->client = NULL;
	}
}

static void
destroy(struct reapq_client *client)
{
	bool ours = true;
	/* After a fork the loop's epoll set is shared with the parent, and taking our
	 * sockets out of it would deafen the parent: event_reinit() makes a new set
	 * without touching the old one. If that can't be done, leaking is the lesser
	 * harm. */
	if (client->base && client->owner != getpid())
		ours = event_reinit(client->base) == 0;
	if (ours) {
		conn_free(client->bulk);
		conn_free(client->blk);
		conn_free(client->cmd);
	}
	detach_all(client);
	queue_free_all(client);
	lookup_free(&client->lookup);
	if (ours) {
		watch_free(client->watch);
		loop_free(client->loop);
		if (client->base)
			event_base_free(client->base);
	}
	explicit_bzero(&client->url, sizeof client->url);
	free(client->name);
	free(client);
}

void
reapq_client_free(struct reapq_client *client)
{
	if (!client)
		return;
	client->freed = true;
	(void)client_free_if_asked(client);
}

bool
client_free_if_asked(struct reapq_client *client)
{
	if (!client->freed || client->in_callback)
		return false;
	destroy(client);
	return true;
}
