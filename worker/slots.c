/*
 * slots.c - owns the attempts and the count of the slots that they hold.
 *
 * Invariants: busy counts the attempts of which attempt_holds_slot() is true. The pool is
 * told of every change, so that as many children are warm as slots are free. Whether
 * tasks may be claimed at all is not decided here.
 */
#include "slots.h"

#include "error.h"
#include "log.h"

static void
on_slot_free(void *arg)
{
	struct slots *s = arg;

	s->busy--;
	s->done++;
	if (s->busy == 0)
		s->opts.quarantine->alone = false;
	if (!s->opts.draining(s->opts.arg))
		pool_want(s->opts.pool, slots_room(s));
	s->opts.on_room(s->opts.arg);
}

static void
on_closed(struct attempt *a, void *arg)
{
	struct slots *s = arg;

	TAILQ_REMOVE(&s->attempts, a, link);
	attempt_free(a);
	s->opts.on_room(s->opts.arg);
	s->opts.on_ended(s->opts.arg);
}

static void
on_wants_child(void *arg)
{
	slots_start(arg);
}

void
slots_init(
    struct slots *s, const struct slots_options *opts, const struct attempt_env *env)
{
	s->opts = *opts;
	s->env = *env;
	s->env.on_slot_free = on_slot_free;
	s->env.on_closed = on_closed;
	s->env.on_wants_child = on_wants_child;
	s->env.arg = s;
}

void
slots_free(struct slots *s)
{
	struct attempt *a;

	while ((a = TAILQ_FIRST(&s->attempts)) != NULL) {
		TAILQ_REMOVE(&s->attempts, a, link);
		attempt_free(a);
	}
}

bool
slots_idle(const struct slots *s)
{
	return TAILQ_EMPTY(&s->attempts);
}

int
slots_room(const struct slots *s)
{
	return s->opts.config->concurrency - s->busy;
}

bool
slots_own(const struct slots *s, pid_t pid)
{
	const struct attempt *a;

	TAILQ_FOREACH(a, &s->attempts, link)
	if (a->child != NULL && child_pid(a->child) == pid)
		return true;
	return false;
}

void
slots_take(struct slots *s, const struct attempt_claim *claim)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct attempt *a;
	struct child *c;

	if (attempt_new(&a, &s->env, claim, &err) != 0) {
		/* its lease runs out, and it runs elsewhere */
		log_event(LOG_ERROR, "claim_dropped", "task=%s why=%s", claim->id,
		    log_quote(err.msg));
		return;
	}
	TAILQ_INSERT_TAIL(&s->attempts, a, link);
	s->busy++;
	if (claim->lost > 0) {
		s->opts.quarantine->alone = true;
		log_event(LOG_INFO, "quarantine", "task=%s attempt=%d lost=%d",
		    claim->id, claim->attempt, claim->lost);
	}
	pool_want(s->opts.pool, slots_room(s));
	if (!attempt_wants_child(a))
		attempt_refuse(a);
	else if (s->opts.draining(s->opts.arg))
		attempt_stop(a, JUDGE_SHUTDOWN, "", true);
	else if ((c = pool_take(s->opts.pool)) != NULL)
		attempt_start(a, c);
}

void
slots_start(struct slots *s)
{
	struct attempt *a, *next;

	for (a = TAILQ_FIRST(&s->attempts); a != NULL; a = next) {
		struct child *c;

		next = TAILQ_NEXT(a, link);
		if (!attempt_wants_child(a))
			continue;
		c = pool_take(s->opts.pool);
		if (c == NULL)
			return;
		attempt_start(a, c);
	}
}

void
slots_stop(struct slots *s, bool now)
{
	struct attempt *a, *next;

	for (a = TAILQ_FIRST(&s->attempts); a != NULL; a = next) {
		next = TAILQ_NEXT(a, link);
		attempt_stop(a, JUDGE_SHUTDOWN, "", now);
	}
}
