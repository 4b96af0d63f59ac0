/*
 * supervisor.c - owns the loop, the connections, the runner, the pool and the attempts.
 *
 * STARTING until Redis is up and the runner is ready; RUNNING; DRAINING after the first
 * signal: no more claims, attempts may end within the grace, then they are stopped and
 * given back. A second signal stops them at once. It loads no user code and starts no
 * thread.
 */
#include "supervisor.h"

#include "clock.h"
#include "conns.h"
#include "drain.h"
#include "embedded.h"
#include "error.h"
#include "fetch.h"
#include "file_budget.h"
#include "health.h"
#include "isolation.h"
#include "lease.h"
#include "leftovers.h"
#include "log.h"
#include "memory_share.h"
#include "orphans.h"
#include "outbox.h"
#include "pool.h"
#include "quarantine.h"
#include "reaper.h"
#include "runner_proc.h"
#include "sandbox.h"
#include "slots.h"
#include "symbolize.h"
#include "worker_id.h"
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct supervisor {
	const struct config *config;
	struct event_base *base;
	struct drain *drain;
	struct health *health;
	struct embedded *embedded;
	struct conns conns;
	struct runner_proc *runner;
	struct pool *pool;
	struct reaper *reaper;
	struct outbox *outbox;
	struct symbolize *symbolize;
	struct fetch *fetch;
	struct lease *lease;
	struct isolation *isolation;
	struct sandbox *sandbox;
	struct slots slots;
	struct quarantine quarantine;
	bool warm_seen, redis_seen, ready;
	int redis_told; /* the code that it was last said to be away for; 0: it is there */
	char id[REAPQ_ID_MAX + 1], host[WORKER_HOST_MAX + 1];
	struct reapq_error fatal;
};

static void
quit(struct supervisor *s, const struct reapq_error *why)
{
	if (why != NULL && s->fatal.code == 0)
		s->fatal = *why;
	(void)event_base_loopbreak(s->base);
}

/* ---- readiness ------------------------------------------------------------------ */

static void
tell_ready(struct supervisor *s)
{
	char where[512];

	if (s->ready || !s->warm_seen || !s->redis_seen)
		return;
	s->ready = true;
	log_event(LOG_INFO, "worker_ready",
	    "worker=%s pid=%d queue=%s slots=%d isolation=%s redis=%s handlers=%s",
	    s->id, (int)getpid(), s->config->queues[0], s->config->concurrency,
	    isolation_name(s->isolation),
	    url_format(&s->config->url, where, sizeof(where)),
	    log_quote(runner_proc_handlers(s->runner)));
}

static void
on_redis(bool up, const struct reapq_error *err, void *arg)
{
	struct supervisor *s = arg;

	if (up) {
		if (s->redis_told != 0)
			log_event(LOG_INFO, "redis_up", "worker=%s", s->id);
		s->redis_seen = true;
		s->redis_told = 0;
		tell_ready(s);
		fetch_kick(s->fetch);
		return;
	}
	if (err->code == REAPQ_EREDIS && !s->redis_seen) {
		quit(s, err); /* refused: waiting does not mend it */
		return;
	}
	if (s->redis_told != err->code)
		log_event(LOG_WARN, "redis_down", "why=%s", log_quote(err->msg));
	s->redis_told = err->code;
}

/* ---- children and slots ------------------------------------------------------------ */

static int
free_slots(void *arg)
{
	const struct supervisor *s = arg;

	/* Unsent reports are work too: claim nothing while they pile up. */
	if (drain_begun(s->drain) || !s->warm_seen || !s->redis_seen ||
	    s->quarantine.alone ||
	    outbox_count(s->outbox) > 2 * (size_t)s->config->concurrency + 64)
		return 0;
	return slots_room(&s->slots);
}

static void
on_warm(void *arg)
{
	struct supervisor *s = arg;

	s->warm_seen = true;
	tell_ready(s);
	slots_start(&s->slots);
	fetch_kick(s->fetch);
}

static void
on_pool_trouble(const char *what, const struct reapq_error *err, void *arg)
{
	(void)arg;
	log_event(LOG_WARN, "pool_trouble", "what=%s why=%s", log_quote(what),
	    log_quote(err->msg));
}

static void
on_runner_ready(void *arg)
{
	struct supervisor *s = arg;

	pool_set_runner(s->pool, s->runner);
	lease_beat(s->lease, NULL);
}

static void
on_spawned(uint32_t gen, pid_t pid, int error, void *arg)
{
	struct supervisor *s = arg;

	pool_forked(s->pool, gen, pid, error);
}

static void
on_runner_died(const char *how, void *arg)
{
	(void)arg;
	log_event(LOG_ERROR, "runner_died", "how=%s then=%s", log_quote(how),
	    "\"started again; running tasks go on\"");
}

static void
on_broken(const struct reapq_error *err, void *arg)
{
	quit(arg, err);
}

static bool
is_known(pid_t pid, void *arg)
{
	const struct supervisor *s = arg;

	return pid == runner_proc_pid(s->runner) ||
	       pid == symbolize_pid(s->symbolize) || pool_owns(s->pool, pid) ||
	       (s->embedded != NULL && pid == embedded_pid(s->embedded)) ||
	       slots_own(&s->slots, pid);
}

static bool
is_forking(void *arg)
{
	const struct supervisor *s = arg;

	return runner_proc_spawning(s->runner);
}

/* ---- claims and attempts ------------------------------------------------------------ */

static void
end_if_drained(void *arg)
{
	struct supervisor *s = arg;
	/* A claim that is out may bring tasks, unless there is nobody to answer it. */
	bool claiming = fetch_claiming(s->fetch) && conn_up(s->conns.claims);

	if (drain_begun(s->drain) && slots_idle(&s->slots) && !claiming)
		quit(s, NULL);
}

static bool
is_draining(void *arg)
{
	const struct supervisor *s = arg;

	return drain_begun(s->drain);
}

static bool
is_idle(void *arg)
{
	const struct supervisor *s = arg;

	return slots_idle(&s->slots);
}

static void
on_claim(const struct attempt_claim *claim, void *arg)
{
	struct supervisor *s = arg;

	slots_take(&s->slots, claim);
}

static void
on_room(void *arg)
{
	struct supervisor *s = arg;

	fetch_kick(s->fetch);
}

static void
on_hint(const char *queue, void *arg)
{
	struct supervisor *s = arg;

	lease_beat(s->lease, queue);
}

/* ---- the end ------------------------------------------------------------------------- */

static void
on_drain_begin(int sig, void *arg)
{
	struct supervisor *s = arg;

	log_event(LOG_INFO, "draining", "signal=%d running=%d", sig, s->slots.busy);
	fetch_stop(s->fetch);
	pool_want(s->pool, 0);
	end_if_drained(s);
}

static void
on_drain_stop(bool now, void *arg)
{
	struct supervisor *s = arg;

	log_event(
	    LOG_INFO, now ? "stopping_now" : "grace_over", "running=%d", s->slots.busy);
	slots_stop(&s->slots, now);
	end_if_drained(s);
}

static void
on_drain_give_up(const struct reapq_error *err, void *arg)
{
	quit(arg, err);
}

/* ---- health ---------------------------------------------------------------------------- */

static void
tell_health(struct health_facts *ret_f, void *arg)
{
	const struct supervisor *s = arg;
	int64_t last_ms = fetch_last_ms(s->fetch);

	*ret_f = (struct health_facts){.state = drain_begun(s->drain) ? HEALTH_DRAINING
						: s->ready            ? HEALTH_RUNNING
								      : HEALTH_STARTING,
	    .age_ms = last_ms == 0 ? -1 : clock_mono_ms() - last_ms,
	    .busy = s->slots.busy,
	    .slots = s->config->concurrency};
	snprintf(ret_f->worker, sizeof(ret_f->worker), "%s", s->id);
}

/* Not being asked is no reason not to work. */
static void
answer_for_health(struct supervisor *s)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	if (health_new(&s->health, s->base, tell_health, s, &err) != 0)
		log_event(LOG_WARN, "health_unanswered", "why=%s", log_quote(err.msg));
}

/* ---- wiring ---------------------------------------------------------------------------- */

static int
make_parts(struct supervisor *s, const char *runner_path, struct reapq_error *err)
{
	struct runner_proc_options ro = {runner_path, s->config->modules,
	    (size_t)s->config->modules_count, sandbox_fd(s->sandbox), on_runner_ready,
	    on_spawned, on_runner_died, on_broken, s};
	struct pool_options po = {{s->base, NULL, s->isolation, s->sandbox},
	    s->config->warm, on_warm, on_pool_trouble, s};
	struct drain_options dopts = {s->config->grace_ms, s->config->kill_grace_ms,
	    on_drain_begin, on_drain_stop, on_drain_give_up, s};
	struct reaper_options eo = {is_known, is_forking, s};
	struct fetch_options fo = {.config = s->config,
	    .worker_id = s->id,
	    .claims = s->conns.claims,
	    .bell = s->conns.bell,
	    .quarantine = &s->quarantine,
	    .free_slots = free_slots,
	    .is_idle = is_idle,
	    .on_claim = on_claim,
	    .on_hint = on_hint,
	    .on_stopped = end_if_drained,
	    .arg = s};
	int rc;

	if ((rc = symbolize_new(&s->symbolize, s->base, runner_path, err)) != 0 ||
	    (rc = outbox_new(&s->outbox, s->conns.main, s->conns.big, err)) != 0 ||
	    (rc = pool_new(&s->pool, &po, err)) != 0 ||
	    (rc = fetch_new(&s->fetch, s->base, &fo, err)) != 0 ||
	    (rc = runner_proc_new(&s->runner, s->base, &ro, err)) != 0 ||
	    (rc = reaper_new(&s->reaper, s->base, &eo, err)) != 0 ||
	    (rc = drain_new(&s->drain, s->base, &dopts, err)) != 0)
		return rc;
	slots_init(&s->slots,
	    &(struct slots_options){.config = s->config,
		.pool = s->pool,
		.quarantine = &s->quarantine,
		.draining = is_draining,
		.on_room = on_room,
		.on_ended = end_if_drained,
		.arg = s},
	    &(struct attempt_env){.base = s->base,
		.config = s->config,
		.runner = s->runner,
		.outbox = s->outbox,
		.symbolize = s->symbolize,
		.isolation = s->isolation,
		.sandbox = s->sandbox,
		.main = s->conns.main,
		.big = s->conns.big,
		.worker_id = s->id,
		.host = s->host});
	struct lease_options lo = {s->config, s->id, s->host,
	    isolation_name(s->isolation), sandbox_words(s->sandbox), s->conns.main,
	    &s->slots.attempts, s->runner, clock_wall_ms(), &s->slots.done, s->fetch,
	    s};
	return lease_new(&s->lease, s->base, &lo, err);
}

static int
start(struct supervisor *s, struct reapq_error *err)
{
	char runner_path[4096];
	int rc;

	if ((rc = runner_proc_find(runner_path, sizeof(runner_path), err)) != 0 ||
	    (rc = leftovers_adopt(err)) != 0)
		return rc;
	s->base = event_base_new();
	if (s->base == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for an event loop");
	signal(SIGPIPE, SIG_IGN);
	if ((rc = conns_open(&s->conns, s->base, s->config, s->id, on_redis, s, err)) !=
		0 ||
	    (rc = make_parts(s, runner_path, err)) != 0)
		return rc;
	if (s->embedded != NULL &&
	    (rc = embedded_watch(s->embedded, s->base, on_broken, s, err)) != 0)
		return rc;
	if (s->embedded != NULL)
		drain_hold(false);
	answer_for_health(s);
	pool_want(s->pool, s->config->concurrency);
	return 0;
}

static void
free_all(struct supervisor *s)
{
	health_free(s->health);
	slots_free(&s->slots);
	lease_free(s->lease);
	fetch_free(s->fetch);
	reaper_free(s->reaper);
	pool_free(s->pool);
	runner_proc_free(s->runner);
	symbolize_free(s->symbolize);
	/* A child whose fork the runner had not told of yet. */
	leftovers_end();
	outbox_free(s->outbox);
	conns_close(&s->conns);
	drain_free(s->drain);
	embedded_unwatch(s->embedded);
	if (s->base != NULL)
		event_base_free(s->base);
}

/* Its URL is for whoever started us, on standard output. */
static int
embed(struct supervisor *s, struct config *own, struct reapq_error *err)
{
	int rc;

	/* Killed by a signal, we would leave its directory behind. */
	drain_hold(true);
	rc = embedded_new(&s->embedded, err);
	if (rc != 0)
		return rc;
	(void)url_parse(embedded_url(s->embedded), &own->url, NULL);
	printf("%s\n", embedded_url(s->embedded));
	(void)fflush(stdout);
	return 0;
}

int
supervisor_run(const struct config *config, struct reapq_error *err)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	struct config own = *config;
	int orphans, rc = 0;

	if (s == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	s->config = &own;
	TAILQ_INIT(&s->slots.attempts);
	quarantine_init(&s->quarantine, &own);
	worker_id_make(s->id, s->host);
	/* First of all: what is forked before it may not be moved any more. */
	file_budget_fit(&own);
	/* Before a cgroup's removal takes them uncounted, and before they are in the way
	 * as processes of users that are to be this worker's. */
	orphans = orphans_sweep();
	if ((rc = isolation_new(&s->isolation, own.isolation, s->id, err)) != 0 ||
	    (rc = sandbox_new(&s->sandbox, &own, err)) != 0 ||
	    (rc = isolation_prepare(s->isolation, own.concurrency + own.warm, err)) !=
		0)
		goto out;
	isolation_log(s->isolation);
	memory_share_fit(&own, s->isolation);
	if (orphans > 0)
		log_event(LOG_WARN, "orphans_killed", "count=%d", orphans);
	if (config->embedded && (rc = embed(s, &own, err)) != 0)
		goto out;
	if ((rc = start(s, err)) == 0) {
		(void)event_base_dispatch(s->base);
		if (s->fatal.code != 0) {
			rc = error_set(err, s->fatal.code, "%s", s->fatal.msg);
		} else if (conn_up(s->conns.main)) {
			lease_farewell(s->lease);
			conns_flush(&s->conns, s->base);
		}
		log_event(LOG_INFO, "worker_ended", "worker=%s tasks=%lld", s->id,
		    (long long)s->slots.done);
	}
	if (s->embedded != NULL)
		drain_hold(true);
	free_all(s);
out:
	embedded_free(s->embedded);
	isolation_free(s->isolation);
	sandbox_free(s->sandbox);
	free(s);
	return rc;
}
