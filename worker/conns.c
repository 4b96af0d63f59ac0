/*
 * conns.c - opens and closes the four together.
 *
 * The bell's watchdog is longer than its pop blocks, the big one's leaves time for a large
 * report on a slow line.
 */
#include "conns.h"

#include <event2/event.h>
#include <reapq/task.h>
#include <stdio.h>
#include <string.h>

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

int
conns_open(struct conns *c, struct event_base *base, const struct url *url,
    const char *worker_id, conn_state_fn *on_state, void *arg, struct reapq_error *err)
{
	struct conn_options quiet = {.url = url};
	struct conn_options leading = {
	    .url = url, .check_server = true, .on_state = on_state, .arg = arg};
	int rc;

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
