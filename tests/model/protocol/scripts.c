/*
 * scripts.c - common/lua as transitions, one function a script, and ways to break them.
 *
 * Keep each beside its script: what changes there changes here. The monitors (calls of
 * checker_violation) look at the history, never at what the script itself looks at.
 */
#include "checker.h"
#include "protocol.h"

#include <string.h>

enum bug bug;

static bool
holds(const struct task *t, int worker, int seq)
{
	return t->s == 'R' && t->worker == worker && t->seq == seq;
}

/* _resolve.lua */
static void
resolve(struct state *s, int task, enum report report)
{
	struct task *t = &s->t[task];
	if (t->r || ++t->ends > 1)
		checker_violation("a task ended twice");
	t->r = (uint8_t)report;
	t->grant++;
	t->in_x = 0;
	if (s->unique == task + 1 && bug != UNIQUE_KEPT)
		s->unique = 0;
	if (bug != RECORD_KEPT)
		t->s = t->worker = t->seq = t->a = t->lo = t->nf = t->x = t->more = 0;
}

int
submit(struct state *s, int task)
{
	struct task *t = &s->t[task];
	if (bug != SUBMIT_ID && (t->r || t->s))
		return JOINED;
	if (scene->unique) {
		if (s->unique && s->t[s->unique - 1].s)
			return KEY_HELD;
		s->unique = (uint8_t)(task + 1);
	}
	t->s = scene->delay ? 'D' : 'P';
	t->in_x = scene->deadline;
	if (scene->delay)
		t->in_d = 1;
	else
		t->in_p++;
	t->accepted = 1;
	return STORED;
}

static bool
give_out(struct state *s, int worker, int seq, int task)
{
	struct task *t = &s->t[task];
	if (t->s != 'P' && !(bug == CLAIM_STATE && t->s))
		return false;
	if (scene->deadline && t->late) {
		resolve(s, task, EXPIRED);
		return false;
	}
	t->s = 'R';
	t->worker = (uint8_t)worker;
	t->seq = (uint8_t)seq;
	t->a = (uint8_t)(t->a + (bug != COUNTED_AT_END));
	t->lease = VALID;
	t->grant++;
	return true;
}

/* _lane.lua */
static uint8_t *
lane(struct task *t)
{
	return t->lo > 0 ? &t->in_ps : &t->in_p;
}

static uint8_t
bit(int task)
{
	return (uint8_t)(1 << (task & 7));
}

/* One suspect, for a worker that has nothing else. */
static uint8_t
claim_suspect(struct state *s, int worker, int seq, uint8_t first)
{
	for (int i = 0; i < scene->tasks; i++) {
		int task = (first + i) % scene->tasks;
		while (s->t[task].in_ps > 0) {
			s->t[task].in_ps--;
			if (give_out(s, worker, seq, task))
				return bit(task);
		}
	}
	return 0;
}

bool
idle(const struct state *s, int worker)
{
	for (int i = 0; i < scene->tasks; i++)
		if (s->w[worker].held[i].state != IDLE)
			return false;
	return s->w[worker].others == 0;
}

/* The suspect lane: whether this claim may take one, and nothing else. */
static uint8_t
claim_reserved(struct state *s, const struct claim *c, int *n)
{
	bool mine = s->qr == c->worker + 1, waits = false;
	for (int i = 0; i < scene->tasks; i++)
		waits |= s->t[i].in_ps > 0;
	if (!waits || bug == NO_RESERVATION)
		return 0;
	if (!c->hold) {
		s->qr = mine ? 0 : s->qr;
		return 0;
	}
	if (s->qr && !mine)
		return 0;
	if (idle(s, c->worker)) {
		s->qr = 0;
		return claim_suspect(s, c->worker, c->seq, c->first);
	}
	s->qr = (uint8_t)(c->worker + 1);
	if (bug != RESERVED_TAKES)
		*n = 0;
	return 0;
}

/* What stands on the lists, in their order; a suspect only for who has nothing else. */
static uint8_t
claim_listed(struct state *s, const struct claim *c, int n)
{
	uint8_t got = 0;
	for (int i = 0; i < scene->tasks; i++) {
		int task = (c->first + i) % scene->tasks;
		while (s->t[task].in_p > 0 && n > 0) {
			s->t[task].in_p--;
			if (s->t[task].s == 'P' && s->t[task].lo > 0)
				s->t[task].in_ps++;
			else if (give_out(s, c->worker, c->seq, task)) {
				got |= bit(task);
				n--;
			}
		}
	}
	if (scene->endless && n > 0 && s->w[c->worker].others < SLOTS)
		got |= OTHER_WORK;
	return got;
}

static uint8_t
claim_again(struct state *s, const struct claim *c)
{
	uint8_t got = 0;
	for (int i = 0; i < scene->tasks; i++) {
		struct task *t = &s->t[i];
		if (!(s->last[c->worker].ids & 1 << i) ||
		    !(bug == REPEAT_UNCHECKED || holds(t, c->worker, c->seq)))
			continue;
		got |= (uint8_t)(1 << i);
		if (bug != REPEAT_NOT_RENEWED)
			t->lease = VALID;
	}
	return got;
}

/* The tasks given out, a bit each. */
uint8_t
claim(struct state *s, struct claim c)
{
	struct last *last = &s->last[c.worker];
	const struct worker *w = &s->w[c.worker];
	uint8_t got = 0;
	int n = c.n;
	if (last->seq == c.seq && bug != CLAIM_NOT_REPEATED)
		return claim_again(s, &c);
	if (last->seq > c.seq && bug != OLD_CLAIM)
		return 0;
	if (!s->paused || bug == PAUSED_STARTS) {
		got = claim_reserved(s, &c, &n);
		if (!got && !scene->endless && n > 0 && idle(s, c.worker))
			got = claim_suspect(s, c.worker, c.seq, c.first);
		if (!got || bug == SUSPECT_WITH_OTHERS)
			got |= claim_listed(s, &c, n);
	}
	if (got || bug != EMPTY_CLAIM) {
		last->seq = (uint8_t)c.seq;
		last->ids = got;
	}
	/* After a loss of all data nothing can tell it from a new one: that costs a lease
	 * and a loss. */
	if (c.late_copy && got && !c.forgotten && !(w->claiming && w->seq == c.seq))
		checker_violation("an old claim took a task that nobody will run");
	return got;
}

int
finish(struct state *s, int task, int worker, int seq, char mode, int grant,
    bool past_deadline)
{
	struct task *t = &s->t[task];
	if (bug == RESULT_FIRST && mode == 'F')
		t->r = BY_WORKER;
	if (!holds(t, worker, seq) && !(bug == FINISH_TOKEN && t->s))
		return t->s ? 0 : t->r ? 2 : 3;
	if (grant != t->grant)
		checker_violation("a fenced finish was accepted");
	t->lease = NO_LEASE;
	t->a = (uint8_t)(t->a + (bug == COUNTED_AT_END));
	if ((mode == 'L' || mode == 'S') && t->x && bug != CANCEL_FORGOTTEN) {
		resolve(s, task, t->x == 2 ? EXPIRED : CANCELLED);
		return 1;
	}
	if (mode == 'M' && !t->x && !past_deadline) {
		t->s = 'D';
		t->more++;
		t->in_d = 1;
		t->grant++;
		return 4;
	}
	if (mode == 'T' && !t->x &&
	    (t->nf + 1 < scene->max_fail || bug == TRY_BUDGET) && !past_deadline) {
		t->s = 'D';
		t->nf++;
		t->in_d = 1;
		t->grant++;
		return 4;
	}
	if (mode == 'L' ||
	    (mode == 'S' && (scene->max_lost > 0 || bug == ONCE_STOPPED_AGAIN))) {
		t->s = 'P';
		t->a = (uint8_t)(t->a - (bug != GIVEN_BACK_COUNTED));
		++*lane(t);
		t->grant++;
		return 4;
	}
	resolve(s, task, BY_WORKER);
	return 1;
}

/* Sends all that the worker holds, and obeys the answer. */
bool
heartbeat(struct state *s, int worker)
{
	bool any = false;
	for (int i = 0; i < scene->tasks; i++) {
		struct held_task *h = &s->w[worker].held[i];
		struct task *t = &s->t[i];
		if (h->state == IDLE)
			continue;
		any = true;
		if (!holds(t, worker, h->seq)) {
			if (h->state != TO_FINISH)
				h->mode = h->state == CLAIMED ? 'L' : 'S';
			h->state = TO_FINISH;
			continue;
		}
		if (t->lease)
			t->lease = VALID;
		if (t->x && h->state != TO_FINISH) {
			h->state = TO_FINISH;
			h->mode = 'F';
		}
	}
	return any;
}

/* _unlist.lua, or a tombstone. */
static void
unlist(struct task *t, bool cheap)
{
	if (cheap && *lane(t) > 0)
		--*lane(t);
	else
		t->tombstone = 1;
}

void
cancel(struct state *s, int task, bool stop_too, bool cheap)
{
	struct task *t = &s->t[task];
	if (!t->s)
		return;
	if (t->s == 'R') {
		if (stop_too)
			t->x = 1;
		return;
	}
	if (t->s == 'P')
		unlist(t, cheap);
	else if (bug != CANCEL_LEAVES_DELAYED)
		t->in_d = 0;
	resolve(s, task, CANCELLED);
}

/* ---- tick.lua, one id at a time ------------------------------------------------- */

/* Before anything is taken: did nobody tick for long? */
bool
tick_grace(struct state *s)
{
	if (!s->gap)
		return false;
	s->gap = 0;
	s->grace = bug != NO_GRACE;
	return true;
}

bool
tick_promote(struct state *s, int task)
{
	struct task *t = &s->t[task];
	if (!t->in_d)
		return false;
	t->in_d = 0;
	if (t->s == 'D') {
		t->s = 'P';
		++*lane(t);
	}
	return true;
}

bool
tick_recover(struct state *s, int task)
{
	struct task *t = &s->t[task];
	const struct worker *w = &s->w[t->worker];
	if (t->lease < OVER || s->gap || s->grace)
		return false;
	if (t->lease == OVER_BY_OUTAGE && w->life == UP &&
	    w->held[task].state != IDLE && w->held[task].seq == t->seq)
		checker_violation("an outage cost a healthy worker its task");
	if (!s->lost_all && s->budget[KILL] == scene->budget[KILL] &&
	    s->budget[STOP] == scene->budget[STOP] &&
	    s->budget[OUTAGE] == scene->budget[OUTAGE])
		checker_violation("a task lost its worker, and no worker was lost");
	if (bug != TICK_KEEPS_LEASE)
		t->lease = NO_LEASE;
	if (t->s != 'R')
		return true;
	if (t->x == 1)
		resolve(s, task, CANCELLED);
	else if (scene->deadline && t->late)
		resolve(s, task, EXPIRED);
	else if (t->lo + 1 > scene->max_lost + (bug == LOSS_BUDGET))
		resolve(s, task, LOST);
	else {
		t->s = 'P';
		t->lo++;
		t->in_ps++;
		t->grant++;
	}
	return true;
}

bool
tick_expire(struct state *s, int task, bool cheap)
{
	struct task *t = &s->t[task];
	if (!t->in_x || !t->late || bug == NO_EXPIRY ||
	    (s->paused && bug == PAUSED_KEEPS))
		return false;
	t->in_x = 0;
	if (t->s == 'R') {
		t->x = t->x ? t->x : 2;
		return true;
	}
	if (t->s == 'D')
		t->in_d = 0;
	else
		unlist(t, cheap);
	resolve(s, task, EXPIRED);
	return true;
}
