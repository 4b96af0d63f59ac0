/*
 * conns.c - opens and closes the four together.
 *
 * The bell's watchdog is longer than its pop blocks, the big one's leaves time for a large
 * report on a slow line.
 */
#include "conns.h"

#include "clock.h"
#include "log.h"
#include "server_info.h"
#include <event2/event.h>
#include <reapq/task.h>
#include <stdio.h>
#include <string.h>

#define DENIED_EVERY_MS 60000

static int
open_one(struct conn **ret_c, struct event_base *base,
    const struct conn_options *common, const char *worker_id, const char *what,
    int watchdog_ms, struct reapq_error *err)
{
	struct conn_options opts = *common;
	char name[REAPQ_ID_MAX + 32];

	snprintf(name, sizeof(name), "reapq-worker:%s:%s", worker_id, what);
	opts.client_name = name;
	opts.watchdog_ms = watchdog_ms;
	return conn_new(ret_c, base, &opts, err);
}

/* Once: what the operator should know of this server. */
static void
warn(const struct server_info *info)
{
	if (info->denied)
		log_event(LOG_WARN, "redis_unchecked", "why=%s",
		    log_quote("the ACL denies INFO: neither its version nor that it "
			      "does not evict tasks can be seen"));
	else if (server_info_would_evict(info))
		log_event(LOG_WARN, "redis_may_evict",
		    "policy=%s maxmemory=%lld cure=%s", info->policy,
		    (long long)info->maxmemory,
		    log_quote("CONFIG SET maxmemory-policy noeviction"));
}

/* A report that an ACL keeps from Redis: kept, and said once a minute. */
static void
on_denied(const struct reapq_error *err, void *arg)
{
	struct conns *c = arg;
	int64_t now_ms = clock_mono_ms();

	if (c->denied_ms != 0 && now_ms - c->denied_ms < DENIED_EVERY_MS)
		return;
	c->denied_ms = now_ms;
	log_event(LOG_ERROR, "report_denied", "why=%s", log_quote(err->msg));
}

static void
on_main_state(bool up, const struct reapq_error *err, void *arg)
{
	struct conns *c = arg;

	if (up && !c->warned)
		warn(conn_server(c->main));
	c->warned = c->warned || up;
	c->on_state(up, err, c->arg);
}

int
conns_open(struct conns *c, struct event_base *base, const struct config *config,
    const char *worker_id, conn_state_fn *on_state, void *arg, struct reapq_error *err)
{
	struct conn_options quiet = {
	    .url = &config->url, .on_denied = on_denied, .arg = c};
	struct conn_options leading = {.url = &config->url,
	    .check_server = true,
	    .allow_eviction = config->force,
	    .on_state = on_main_state,
	    .on_denied = on_denied,
	    .arg = c};
	int rc;

	c->on_state = on_state;
	c->arg = arg;
	if ((rc = open_one(&c->main, base, &leading, worker_id, "main", 0, err)) != 0 ||
	    (rc = open_one(&c->claims, base, &quiet, worker_id, "claims", 0, err)) !=
		0 ||
	    (rc = open_one(&c->bell, base, &quiet, worker_id, "bell", 10000, err)) != 0)
		return rc;
	return open_one(&c->big, base, &quiet, worker_id, "big", 30000, err);
}

void
conns_flush(struct conns *c, struct event_base *base)
{
	static const struct timeval bound = {0, 300000};

	while (conn_pending(c->main) > 0) {
		(void)event_base_loopexit(base, &bound);
		if (event_base_loop(base, EVLOOP_ONCE) != 0 ||
		    event_base_got_exit(base))
			break;
	}
}

void
conns_close(struct conns *c)
{
	conn_free(c->main);
	conn_free(c->claims);
	conn_free(c->bell);
	conn_free(c->big);
	memset(c, 0, sizeof(*c));
}
