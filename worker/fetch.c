/*
 * fetch.c - owns the claim that is out and the bell that is waited at.
 *
 * Invariants: at most one claim is out; it is repeated with the same token until it is
 * answered, so tasks that a lost answer named come with the next. At most one pop is out
 * at the bell; ring_wide says whether it listens for new tasks too.
 */
#include "fetch.h"

#include "clock.h"
#include "conn.h"
#include "error.h"
#include "keys.h"
#include "log.h"
#include "quarantine.h"
#include "reply.h"
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLAIM_MAX 32
#define BELL_S "2"
#define PAUSE_MS 1000
#define PAUSED (-1)
#define FIELDS 5 /* of a task in claim.lua's answer */

struct fetch {
	struct fetch_options opts;
	struct event *ev_later;
	char bases[CONFIG_QUEUES_MAX][KEYS_MAX];
	uint64_t seq;
	char token[REAPQ_ID_MAX + 24];
	char numbers[3][24];
	int queue; /* the one that is asked */
	int found; /* in this round */
	bool claiming, again, stopped;
	int64_t later_ms; /* when ev_later goes off, clock_mono_ms(); 0: it does not */
	bool ringing, ring_wide;
	int64_t last_ms;
};

static void claim(struct fetch *f);
static void ring(struct fetch *f);

static bool
wants(const struct fetch *f)
{
	return !f->stopped && (f->opts.free_slots(f->opts.arg) > 0 ||
				  quarantine_only(f->opts.quarantine) >= 0);
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct fetch *f = arg;

	(void)fd;
	(void)what;
	f->later_ms = 0;
	fetch_kick(f);
	ring(f);
}

static void
kick_later(struct fetch *f, int64_t ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
	int64_t at_ms = clock_mono_ms() + ms;

	/* the soonest of several queues' wishes */
	if ((f->later_ms == 0 || at_ms < f->later_ms) &&
	    event_add(f->ev_later, &tv) == 0)
		f->later_ms = at_ms;
}

/* ---- claims ------------------------------------------------------------------- */

static int
read_int(const struct redisReply *r, struct reapq_error *err)
{
	int64_t n = 0;

	if (reply_int(r, &n, err) != 0 || n < 0 || n > INT32_MAX)
		return 0;
	return (int)n;
}

/* One task of the answer, and whether it is a suspect. A bad one is logged; its lease runs
 * out, nothing else is hurt. */
static bool
take_one(struct fetch *f, const struct redisReply *reply, size_t at)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct attempt_claim c = {.queue = f->opts.config->queues[f->queue]};
	char id[REAPQ_ID_MAX + 1];
	const char *text, *message;
	size_t len;

	if (reply_str(reply_at(reply, at), &text, &len, &err) != 0 ||
	    reply_str(reply_at(reply, at + 4), &message, &c.message_len, &err) != 0 ||
	    len == 0 || len > REAPQ_ID_MAX) {
		log_event(LOG_ERROR, "claim_unreadable", "queue=%s why=%s", c.queue,
		    log_quote(err.msg));
		return false;
	}
	memcpy(id, text, len);
	id[len] = '\0';
	c.id = id;
	c.token = f->token;
	c.message = message;
	c.attempt = read_int(reply_at(reply, at + 1), &err);
	c.lost = read_int(reply_at(reply, at + 2), &err);
	c.failed = read_int(reply_at(reply, at + 3), &err);
	f->found++;
	f->opts.on_claim(&c, f->opts.arg);
	return c.lost > 0;
}

static void
end_of_round(struct fetch *f)
{
	bool again = f->again || f->found > 0;

	f->claiming = false;
	f->again = false;
	if (!again || !wants(f))
		ring(f);
	else
		fetch_kick(f);
	if (f->stopped)
		f->opts.on_stopped(f->opts.arg);
}

static void
on_claimed(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct fetch *f = arg;
	struct reapq_error why = REAPQ_ERROR_INIT;
	int64_t code = 0;
	size_t n = 0;
	bool suspect = false;

	if (err == NULL && (reply_array(reply, &n, &why) != 0 ||
			       reply_int(reply_at(reply, 0), &code, &why) != 0))
		err = &why;
	if (err != NULL) {
		log_event(LOG_ERROR, "claim_failed", "queue=%s why=%s",
		    f->opts.config->queues[f->queue], log_quote(err->msg));
		kick_later(f, PAUSE_MS);
	} else {
		f->last_ms = clock_mono_ms();
		for (size_t i = 1; i + FIELDS <= n; i += FIELDS)
			suspect = take_one(f, reply, i) || suspect;
		quarantine_answer(
		    f->opts.quarantine, f->queue, code, suspect, f->last_ms);
		/* A pause ends with the bell; a rate limit's time is known. */
		if (code > 0)
			kick_later(f, code < PAUSE_MS ? code : PAUSE_MS);
	}
	f->queue++;
	claim(f);
}

/* Asks the queue at f->queue, or ends the round. */
static void
claim(struct fetch *f)
{
	struct quarantine *q = f->opts.quarantine;
	int room = f->opts.free_slots(f->opts.arg);
	const char *argv[] = {f->opts.worker_id, f->token, f->numbers[0], f->numbers[1],
	    "p0,ps,p1,p2", f->opts.is_idle(f->opts.arg) ? "1" : "0", f->numbers[2]};
	struct conn_request req = {.script = &script_claim,
	    .argc = 7,
	    .argv = argv,
	    .flags = CONN_RESEND,
	    .fn = on_claimed,
	    .arg = f};
	struct reapq_error err = REAPQ_ERROR_INIT;

	while (quarantine_only(q) >= 0 && f->queue < quarantine_only(q))
		f->queue++;
	if (!wants(f) || f->queue == f->opts.config->queues_count ||
	    (quarantine_only(q) >= 0 && f->queue > quarantine_only(q))) {
		end_of_round(f);
		return;
	}
	snprintf(f->token, sizeof(f->token), "%s.%llu", f->opts.worker_id,
	    (unsigned long long)++f->seq);
	snprintf(f->numbers[0], sizeof(f->numbers[0]), "%d",
	    room < CLAIM_MAX ? room : CLAIM_MAX);
	snprintf(f->numbers[1], sizeof(f->numbers[1]), "%lld",
	    (long long)f->opts.config->lease_ms);
	snprintf(f->numbers[2], sizeof(f->numbers[2]), "%lld",
	    (long long)quarantine_reserve_ms(q, f->queue, clock_mono_ms()));
	req.key = f->bases[f->queue];
	if (conn_send(f->opts.claims, &req, &err) != 0) {
		log_event(LOG_ERROR, "claim_failed", "why=%s", log_quote(err.msg));
		kick_later(f, PAUSE_MS);
		f->queue = f->opts.config->queues_count;
		end_of_round(f);
	}
}

void
fetch_kick(struct fetch *f)
{
	if (!wants(f))
		return;
	if (f->claiming) {
		f->again = true;
		return;
	}
	f->claiming = true;
	f->queue = 0;
	f->found = 0;
	claim(f);
}

/* ---- the bell -------------------------------------------------------------------- */

static void
on_hint_key(struct fetch *f, const char *key, size_t len)
{
	for (int i = 0; i < f->opts.config->queues_count; i++) {
		char hints[KEYS_MAX];
		const char *queue = f->opts.config->queues[i];

		keys_hints(hints, queue, f->opts.worker_id);
		if (strlen(hints) == len && memcmp(hints, key, len) == 0)
			f->opts.on_hint(queue, f->opts.arg);
	}
}

static void
on_bell(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct fetch *f = arg;
	const char *key, *value;
	size_t key_len, value_len;

	f->ringing = false;
	if (err != NULL) {
		/* What Redis refuses once it would refuse again at once. */
		kick_later(f, PAUSE_MS);
		if (err->code == REAPQ_ECONN)
			ring(f);
		return;
	}
	f->last_ms = clock_mono_ms();
	/* '!' is our own call to listen more widely: nothing to be learnt. */
	if (!reply_is_nil(reply) &&
	    reply_str(reply_at(reply, 0), &key, &key_len, NULL) == 0 &&
	    reply_str(reply_at(reply, 1), &value, &value_len, NULL) == 0 &&
	    !(value_len == 1 && value[0] == '!'))
		on_hint_key(f, key, key_len);
	if (!wants(f))
		ring(f);
	else
		fetch_kick(f);
}

/* Wakes our own pop that listens for hints only. */
static void
poke(struct fetch *f)
{
	char key[KEYS_MAX];
	const char *argv[] = {"RPUSH",
	    keys_hints(key, f->opts.config->queues[0], f->opts.worker_id), "!"};
	struct conn_request req = {.argc = 3, .argv = argv};

	(void)conn_send(f->opts.claims, &req, NULL);
}

static void
ring(struct fetch *f)
{
	int n = f->opts.config->queues_count;
	char keys[2 * CONFIG_QUEUES_MAX][KEYS_MAX];
	const char *argv[2 * CONFIG_QUEUES_MAX + 2];
	struct conn_request req = {
	    .argv = argv, .timeout_ms = 10000, .fn = on_bell, .arg = f};
	struct reapq_error err = REAPQ_ERROR_INIT;
	bool wide = wants(f) && quarantine_only(f->opts.quarantine) < 0;
	int k = 0;

	if (f->ringing) {
		if (wide && !f->ring_wide) {
			f->ring_wide = true; /* once is enough */
			poke(f);
		}
		return;
	}
	argv[k++] = "BLPOP";
	for (int i = 0; i < n; i++)
		argv[k++] =
		    keys_hints(keys[i], f->opts.config->queues[i], f->opts.worker_id);
	for (int i = 0; wide && i < n; i++)
		argv[k++] = keys_wake(keys[n + i], f->opts.config->queues[i]);
	argv[k++] = BELL_S;
	req.argc = k;
	if (conn_send(f->opts.bell, &req, &err) != 0) {
		log_event(LOG_ERROR, "bell_failed", "why=%s", log_quote(err.msg));
		kick_later(f, PAUSE_MS);
		return;
	}
	f->ringing = true;
	f->ring_wide = wide;
}

/* ---- life ------------------------------------------------------------------------- */

int
fetch_new(struct fetch **ret_f, struct event_base *base,
    const struct fetch_options *opts, struct reapq_error *err)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->ev_later = evtimer_new(base, on_later, f)) == NULL) {
		free(f);
		return error_set(err, REAPQ_ENOMEM, "no memory to fetch tasks");
	}
	f->opts = *opts;
	for (int i = 0; i < opts->config->queues_count; i++)
		keys_base(f->bases[i], opts->config->queues[i]);
	*ret_f = f;
	return 0;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	conn_forget(f->opts.claims, f);
	conn_forget(f->opts.bell, f);
	event_free(f->ev_later);
	free(f);
}

void
fetch_stop(struct fetch *f)
{
	f->stopped = true;
}

bool
fetch_claiming(const struct fetch *f)
{
	return f->claiming;
}

int64_t
fetch_last_ms(const struct fetch *f)
{
	return f->last_ms;
}
