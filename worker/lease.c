/*
 * lease.c - owns the heartbeat's and the tick's timers.
 *
 * Invariants: at most one heartbeat a queue is out, so that an outage does not pile them
 * up. What an answer says of a task counts only if the attempt still has the token that
 * was sent; attempts that end meanwhile are nobody's to stop.
 */
#include "lease.h"

#include "clock.h"
#include "conn.h"
#include "error.h"
#include "fetch.h"
#include "keys.h"
#include "log.h"
#include "reply.h"
#include "rnd.h"
#include "runner_proc.h"
#include "wire.h"
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEAT_TASKS_MAX 500
#define TICK_MS 1000
#define GAP_MIN_MS 2000 /* above a tick with its jitter */
#define TICK_LIMIT 100
#define TICK_LOCK_MS "300"

struct beat {
	struct lease *l;
	const char *queue;
	bool out;
	bool again; /* asked for while one was out */
	bool failing;
};

struct lease {
	struct lease_options opts;
	struct event *ev_beat, *ev_tick;
	struct beat beats[CONFIG_QUEUES_MAX];
	char queues[CONFIG_QUEUES_MAX * (REAPQ_ID_MAX + 1) + 1];
};

static void
arm(struct event *ev, int64_t ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	(void)event_add(ev, &tv);
}

static bool
reply_is(const struct redisReply *r, const char *text)
{
	const char *s;
	size_t len;

	return reply_str(r, &s, &len, NULL) == 0 && strlen(text) == len &&
	       memcmp(s, text, len) == 0;
}

/* By token: the same task may have been claimed again, by this worker too. */
static struct attempt *
find(const struct lease *l, const char *queue, const struct redisReply *id,
    const struct redisReply *token)
{
	struct attempt *a;

	TAILQ_FOREACH(a, l->opts.attempts, link)
	if (a->queue == queue && reply_is(id, a->id) && reply_is(token, a->token))
		return a;
	return NULL;
}

static void
obey(const struct beat *b, const struct redisReply *id, const struct redisReply *token,
    const struct redisReply *order)
{
	struct attempt *a = find(b->l, b->queue, id, token);
	const char *word;
	char reason[128];
	size_t len;

	if (a == NULL || reply_str(order, &word, &len, NULL) != 0)
		return;
	if (len == 1 && word[0] == 'L') {
		/* REPORTING ones have ended meanwhile, and were let go of */
		if (attempt_holds_slot(a))
			log_event(LOG_WARN, "lease_gone", "task=%s attempt=%d", a->id,
			    a->number);
		attempt_stop(a, JUDGE_LEASE_GONE, "", true);
	} else if (len >= 2 && word[0] == 'C') {
		snprintf(reason, sizeof(reason), "%.*s", (int)(len - 2), word + 2);
		attempt_stop(a,
		    strcmp(reason, "deadline") == 0 ? JUDGE_DEADLINE : JUDGE_CANCEL,
		    reason, false);
	}
}

static void beat_queue(struct beat *b);

static void
on_beaten(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct beat *b = arg;
	struct reapq_error why = REAPQ_ERROR_INIT;
	size_t n = 0;

	b->out = false;
	if (b->again)
		beat_queue(b);
	if (err == NULL && reply_array(reply, &n, &why) != 0)
		err = &why;
	if (err != NULL) {
		/* once an outage, not once a beat */
		log_event(b->failing ? LOG_DEBUG : LOG_WARN, "heartbeat_failed",
		    "queue=%s why=%s", b->queue, log_quote(err->msg));
		b->failing = true;
		return;
	}
	b->failing = false;
	for (size_t i = 1; i + 3 <= n; i += 3)
		obey(b, reply_at(reply, i), reply_at(reply, i + 1),
		    reply_at(reply, i + 2));
}

static int
describe(struct lease *l, struct buf *out)
{
	const struct lease_options *o = &l->opts;
	struct wire_worker w = {.id = o->worker_id,
	    .host = o->host,
	    .queues = l->queues,
	    .isolation = o->isolation,
	    .hardening = o->hardening,
	    .version = REAPQ_VERSION,
	    .handlers = runner_proc_handlers(o->runner),
	    .pid = getpid(),
	    .slots = o->config->concurrency,
	    .tasks_done = *o->tasks_done,
	    .started_ms = o->started_wall_ms,
	    .fetch_age_ms = -1};
	const struct attempt *a;

	if (fetch_last_ms(o->fetch) != 0)
		w.fetch_age_ms = clock_mono_ms() - fetch_last_ms(o->fetch);
	TAILQ_FOREACH(a, o->attempts, link)
	w.busy += attempt_holds_slot(a);
	return wire_worker_encode(&w, out, NULL);
}

static void
beat_queue(struct beat *b)
{
	struct lease *l = b->l;
	const char *argv[3 + 2 * BEAT_TASKS_MAX];
	size_t lens[3 + 2 * BEAT_TASKS_MAX];
	char base[KEYS_MAX], ms[24];
	struct buf info = {0};
	struct conn_request req = {.script = &script_heartbeat,
	    .key = keys_base(base, b->queue),
	    .argc = 3,
	    .argv = argv,
	    .argv_len = lens,
	    .timeout_ms = (int)l->opts.config->lease_ms,
	    .flags = CONN_RESEND,
	    .fn = on_beaten,
	    .arg = b};
	const struct attempt *a;

	b->again = b->out;
	if (b->out || describe(l, &info) != 0)
		goto out;
	snprintf(ms, sizeof(ms), "%lld", (long long)l->opts.config->lease_ms);
	argv[0] = l->opts.worker_id;
	argv[1] = ms;
	argv[2] = info.data;
	lens[0] = strlen(argv[0]);
	lens[1] = strlen(ms);
	lens[2] = info.len;
	TAILQ_FOREACH(a, l->opts.attempts, link)
	{
		if (a->queue != b->queue || req.argc + 2 > 3 + 2 * BEAT_TASKS_MAX)
			continue;
		argv[req.argc] = a->id;
		lens[req.argc++] = strlen(a->id);
		argv[req.argc] = a->token;
		lens[req.argc++] = strlen(a->token);
	}
	b->out = conn_send(l->opts.conn, &req, NULL) == 0;
out:
	buf_free(&info);
}

void
lease_beat(struct lease *l, const char *queue)
{
	for (int i = 0; i < l->opts.config->queues_count; i++)
		if (queue == NULL || l->beats[i].queue == queue)
			beat_queue(&l->beats[i]);
}

static void
on_beat(evutil_socket_t fd, short what, void *arg)
{
	struct lease *l = arg;

	(void)fd;
	(void)what;
	lease_beat(l, NULL);
	arm(l->ev_beat, l->opts.config->lease_ms / 3);
}

static void tick_queue(struct beat *b, const char *lock_ms);

/* As much as a tick does at once: there may be more, and it is not to wait for the next.
 * Each takes what it counts away, so this ends. */
static void
on_ticked(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	bool full = false;

	for (size_t i = 0; err == NULL && i < 3; i++) {
		int64_t n = 0;

		full =
		    (reply_int(reply_at(reply, i), &n, NULL) == 0 && n >= TICK_LIMIT) ||
		    full;
	}
	if (full)
		tick_queue(arg, "0");
}

static void
tick_queue(struct beat *b, const char *lock_ms)
{
	int64_t lease_ms = b->l->opts.config->lease_ms;
	char base[KEYS_MAX], limit[24], gap[24], grace[24];
	const char *argv[] = {limit, lock_ms, gap, grace};
	struct conn_request req = {.script = &script_tick,
	    .key = keys_base(base, b->queue),
	    .argc = 4,
	    .argv = argv,
	    .timeout_ms = 5 * TICK_MS,
	    .fn = on_ticked,
	    .arg = b};

	snprintf(limit, sizeof(limit), "%d", TICK_LIMIT);
	/* Nobody ticked for two leases: the fleet was away, not one worker. */
	snprintf(gap, sizeof(gap), "%lld",
	    (long long)(lease_ms > GAP_MIN_MS / 2 ? lease_ms * 2 : GAP_MIN_MS));
	snprintf(grace, sizeof(grace), "%lld", (long long)lease_ms);
	(void)conn_send(b->l->opts.conn, &req, NULL);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct lease *l = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < l->opts.config->queues_count; i++)
		tick_queue(&l->beats[i], TICK_LOCK_MS);
	arm(l->ev_tick, TICK_MS * 4 / 5 + rnd_u32() % (TICK_MS * 2 / 5));
}

void
lease_farewell(struct lease *l)
{
	for (int i = 0; i < l->opts.config->queues_count; i++) {
		char set[KEYS_MAX], info[KEYS_MAX];
		const char *zrem[] = {"ZREM", keys_suffix(set, l->beats[i].queue, "ws"),
		    l->opts.worker_id};
		const char *del[] = {
		    "DEL", keys_worker(info, l->beats[i].queue, l->opts.worker_id)};
		struct conn_request req = {.argc = 3, .argv = zrem, .timeout_ms = 1000};

		(void)conn_send(l->opts.conn, &req, NULL);
		req.argc = 2;
		req.argv = del;
		(void)conn_send(l->opts.conn, &req, NULL);
	}
}

/* So that `reapq queues` knows of a queue before it has a task. */
static void
name_queue(struct lease *l, const char *queue)
{
	const char *argv[] = {"SADD", KEYS_QUEUES, queue};
	struct conn_request req = {.argc = 3, .argv = argv, .flags = CONN_RESEND};

	(void)conn_send(l->opts.conn, &req, NULL);
}

int
lease_new(struct lease **ret_l, struct event_base *base,
    const struct lease_options *opts, struct reapq_error *err)
{
	struct lease *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for leases");
	l->opts = *opts;
	for (int i = 0; i < opts->config->queues_count; i++) {
		l->beats[i] = (struct beat){.l = l, .queue = opts->config->queues[i]};
		name_queue(l, opts->config->queues[i]);
		snprintf(l->queues + strlen(l->queues),
		    sizeof(l->queues) - strlen(l->queues), "%s%s", i > 0 ? " " : "",
		    opts->config->queues[i]);
	}
	l->ev_beat = evtimer_new(base, on_beat, l);
	l->ev_tick = evtimer_new(base, on_tick, l);
	if (l->ev_beat == NULL || l->ev_tick == NULL) {
		lease_free(l);
		return error_set(err, REAPQ_ENOMEM, "no memory for timers");
	}
	arm(l->ev_beat, 0);
	arm(l->ev_tick, TICK_MS);
	*ret_l = l;
	return 0;
}

void
lease_free(struct lease *l)
{
	if (l == NULL)
		return;
	for (int i = 0; i < l->opts.config->queues_count; i++)
		conn_forget(l->opts.conn, &l->beats[i]);
	if (l->ev_beat != NULL)
		event_free(l->ev_beat);
	if (l->ev_tick != NULL)
		event_free(l->ev_tick);
	free(l);
}
