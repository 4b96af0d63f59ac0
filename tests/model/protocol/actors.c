/*
 * actors.c - what workers and producers may do next in a state, and the whole of it.
 *
 * Every step that a script takes is emitted with its answer received, with it lost, and
 * with a late copy of the request under way. Faults cost budget; nothing else does.
 */
#include "checker.h"
#include "protocol.h"

#include <string.h>

const struct scene *scene;
const struct state *now;

void
emit(const struct state *next, const char *label, int where, bool fault)
{
	check_state(next);
	check_step(now, next);
	checker_emit(next, label, where, fault);
}

bool
spend(struct state *s, enum fault fault)
{
	if (s->budget[fault] == 0)
		return false;
	s->budget[fault]--;
	return true;
}

/* The network may keep a copy of a request; it arrives at any time after. */
static void
emit_ghost(const struct state *sent, struct ghost ghost, const char *label, int where)
{
	struct state s = *sent;
	if (s.ghost.kind || !spend(&s, GHOST))
		return;
	s.ghost = ghost;
	emit(&s, label, where, true);
}

bool
knows(const struct state *s, int task)
{
	const struct task *t = &s->t[task];
	const struct worker *w = &s->w[t->worker];
	return t->s == 'R' && w->life == UP && w->held[task].state != IDLE &&
	       w->held[task].seq == t->seq;
}

/* ---- workers -------------------------------------------------------------------- */

static void
receive(struct state *s, int worker, uint8_t got)
{
	struct worker *w = &s->w[worker];
	w->claiming = 0;
	w->others = (uint8_t)(w->others + ((got & OTHER_WORK) != 0));
	for (int i = 0; i < scene->tasks; i++) {
		const struct task *t = &s->t[i];
		if (!(got & 1 << i))
			continue;
		if (t->s != 'R' || t->worker != worker || t->seq != w->seq)
			checker_violation("a claim named a task that is not its own");
		w->held[i] = (struct held_task){
		    CLAIMED, w->seq, t->grant, 0, s->lost_all, t->lo > 0};
	}
}

static struct ghost
claim_copy(const struct state *s, int worker)
{
	return (struct ghost){.kind = 'c',
	    .worker = (uint8_t)worker,
	    .seq = s->w[worker].seq,
	    .history = s->lost_all};
}

static void
step_claim(int worker, int first, int n, bool hold)
{
	struct state s = *now;
	struct worker *w = &s.w[worker];
	uint8_t got;
	for (int i = 0; i < scene->tasks; i++)
		if (w->held[i].state == CLAIMED || w->held[i].state == RUNNING)
			return;
	if (!w->claiming)
		w->seq++;
	w->claiming = 1;
	got =
	    claim(&s, (struct claim){worker, w->seq, n, (uint8_t)first, .hold = hold});
	/* An answer without tasks only counts up tokens; what counts is a copy of its
	 * request, who has reserved, and other work. */
	if (!(got & ~OTHER_WORK) && !now->w[worker].claiming) {
		s.w[worker].claiming = 0;
		emit_ghost(
		    &s, claim_copy(&s, worker), "empty claim, copied: worker", worker);
		s.w[worker] = now->w[worker];
		s.last[worker] = now->last[worker];
		s.w[worker].others = (uint8_t)(s.w[worker].others + (got != 0));
		emit(&s, "claim, no task: worker", worker, false);
		return;
	}
	struct state lost = s;
	if (spend(&lost, LOSE))
		emit(&lost, "claim, answer lost: worker", worker, true);
	receive(&s, worker, got);
	emit(&s, "claim: worker", worker, false);
	emit_ghost(&s, claim_copy(&s, worker), "claim, copied: worker", worker);
}

static void
step_finish(int worker, int task, bool past_deadline)
{
	struct state s = *now, lost;
	struct held_task h = s.w[worker].held[task];
	(void)finish(&s, task, worker, h.seq, (char)h.mode, h.grant, past_deadline);
	lost = s;
	if (spend(&lost, LOSE))
		emit(&lost, "finish, answer lost: worker", worker, true);
	memset(&s.w[worker].held[task], 0, sizeof h);
	emit(&s, "finish: worker", worker, false);
	emit_ghost(&s,
	    (struct ghost){
		'f', (uint8_t)worker, (uint8_t)task, h.seq, h.mode, h.grant, 0},
	    "finish, copied: worker", worker);
}

static void
set_held(int worker, int task, int state, char mode, const char *label, int fault)
{
	struct state s = *now;
	struct held_task *h = &s.w[worker].held[task];
	if (fault < FAULTS && !spend(&s, (enum fault)fault))
		return;
	h->state = (uint8_t)state;
	h->mode = (uint8_t)mode;
	if (state == RUNNING) {
		if (h->history == s.lost_all)
			s.t[task].starts++;
		s.t[task].ever++;
	}
	emit(&s, label, worker, fault < FAULTS);
}

static void
step_held(int worker, int task)
{
	switch (now->w[worker].held[task].state) {
	case CLAIMED:
		set_held(worker, task, RUNNING, 0, "start: worker", FAULTS);
		set_held(worker, task, TO_FINISH, 'L', "give back: worker", GIVE_BACK);
		break;
	case RUNNING:
		set_held(worker, task, TO_FINISH, 'F', "returns: worker", FAULTS);
		set_held(worker, task, TO_FINISH, 'T', "fails: worker", FAIL);
		set_held(
		    worker, task, TO_FINISH, 'M', "lacks memory: worker", MORE_MEMORY);
		set_held(worker, task, TO_FINISH, 'S', "is stopped: worker", GIVE_BACK);
		break;
	case TO_FINISH:
		step_finish(worker, task, false);
		if (scene->deadline)
			step_finish(worker, task, true);
		break;
	default:
		break;
	}
}

/* Whoever is not there any more does not renew after an outage either. */
static void
set_life(struct state *s, int worker, enum life life)
{
	s->w[worker].life = (uint8_t)life;
	for (int i = 0; i < scene->tasks; i++)
		if (life != UP && s->t[i].worker == worker &&
		    s->t[i].lease == OVER_BY_OUTAGE)
			s->t[i].lease = OVER;
}

static void
step_life(int worker)
{
	struct state s = *now;
	struct worker *w = &s.w[worker];
	uint8_t life = w->life;
	if (life == UP && spend(&s, STOP)) {
		set_life(&s, worker, STOPPED);
		emit(&s, "SIGSTOP: worker", worker, true);
	}
	s = *now;
	if (life != DEAD && spend(&s, KILL)) {
		memset(w->held, 0, sizeof w->held);
		set_life(&s, worker, DEAD);
		w->claiming = w->others = 0;
		if (s.qr == worker + 1)
			s.qr = NOBODY;
		emit(&s, "SIGKILL: worker", worker, true);
	}
	s = *now;
	if (life != UP) {
		/* A dead one's successor is another worker; its tokens are new too. */
		set_life(&s, worker, UP);
		emit(&s, "goes on: worker", worker, false);
	}
}

static void
step_worker(int worker)
{
	struct state s = *now;
	step_life(worker);
	if (now->w[worker].life != UP)
		return;
	for (int first = 0; first < scene->tasks; first++)
		for (int n = 1; n <= scene->tasks; n++)
			for (int hold = 0; hold <= scene->endless; hold++)
				step_claim(worker, first, n, hold);
	for (int i = 0; i < scene->tasks; i++)
		step_held(worker, i);
	if (heartbeat(&s, worker))
		emit(&s, "heartbeat: worker", worker, false);
	s = *now;
	if (s.w[worker].others > 0) {
		s.w[worker].others--;
		emit(&s, "other work ends: worker", worker, false);
	}
}

/* ---- producers ------------------------------------------------------------------ */

static void
answered(struct state *s, int producer, int task, int code, bool again)
{
	struct waiter *f = &s->f[producer][task];
	if (code == KEY_HELD) {
		f->state =
		    again ? VANISHED : GONE; /* its future is on the other task */
		return;
	}
	f->state = OPEN;
	f->stale = 0;
	/* An id that only this producer knew: what it joins is its own, sent twice. */
	if (!again)
		f->kept = (scene->max_lost > 0 || bug == ONCE_KEPT) &&
			  (code == STORED || scene->attach || scene->producers == 1);
}

static void
step_submit(int producer, int task, bool again)
{
	struct state s = *now, lost;
	struct task *t = &s.t[task];
	int code;
	/* A new task by an old name. */
	if (t->expired && !t->s && !t->r && s.f[producer][task].state == NOT_YET)
		t->ends = t->starts = t->ever = 0;
	code = submit(&s, task);
	lost = s;
	if (spend(&lost, LOSE)) {
		lost.f[producer][task].state = again ? OPEN : SENT;
		emit(&lost, "submit, answer lost: producer", producer, true);
	}
	answered(&s, producer, task, code, again);
	emit(
	    &s, again ? "submit again: producer" : "submit: producer", producer, false);
	emit_ghost(&s, (struct ghost){.kind = 's', .task = (uint8_t)task},
	    "submit, copied: producer", producer);
}

static void
step_attach(int producer, int task)
{
	struct state s = *now;
	if (s.f[0][task].state <= SENT)
		return;
	s.f[producer][task].state = s.t[task].s || s.t[task].r ? OPEN : GONE;
	emit(&s, "attach: producer", producer, false);
}

static void
step_look(int producer, int task)
{
	struct state s = *now;
	struct waiter *f = &s.f[producer][task];
	if (s.t[task].r) {
		f->state = SETTLED;
	} else if (s.t[task].s) {
		f->state = OPEN;
		f->stale = 0;
	} else if (f->kept && (!f->stale || bug == RESULT_TTL)) {
		step_submit(producer, task, true);
		return;
	} else if (bug != NEVER_VANISHES) {
		f->state = f->state == MISSING ? VANISHED : MISSING;
	}
	emit(&s, "look: producer", producer, false);
}

static void
step_waiter(int producer, int task)
{
	struct state s = *now;
	int state = s.f[producer][task].state;
	if (state >= SETTLED)
		return;
	if (spend(&s, PRODUCER_DIES)) {
		s.f[producer][task] = (struct waiter){.state = GONE};
		emit(&s, "dies: producer", producer, true);
	}
	if (state == OPEN || state == MISSING)
		step_look(producer, task);
	else if (producer > 0 && scene->attach)
		step_attach(producer, task);
	else
		step_submit(producer, task, false);
}

/* ---- all of it ---------------------------------------------------------------------- */

void
first_state(struct state *s)
{
	memset(s, 0, sizeof *s);
	memcpy(s->budget, scene->budget, sizeof s->budget);
	for (int p = 0; p < PRODUCERS; p++)
		for (int i = 0; i < TASKS; i++)
			if (p >= scene->producers || i >= scene->tasks)
				s->f[p][i].state = GONE;
	for (int w = scene->workers; w < WORKERS; w++)
		s->w[w].life = DEAD;
}

void
steps(const void *state)
{
	now = state;
	for (int w = 0; w < scene->workers; w++)
		step_worker(w);
	for (int i = 0; i < scene->tasks; i++) {
		for (int p = 0; p < scene->producers; p++)
			step_waiter(p, i);
		step_tick(i);
		step_time(i);
		step_cancel(i);
	}
	step_redis();
	step_rollback();
	step_pause();
	step_reservation();
	step_ghost();
}

bool
all_settled(const void *state)
{
	const struct state *s = state;
	for (int i = 0; i < scene->tasks; i++) {
		for (int p = 0; p < scene->producers; p++)
			if (s->f[p][i].state < SETTLED)
				return false;
		if (s->t[i].s || s->t[i].in_d || s->t[i].in_x || s->t[i].lease)
			return false;
		for (int w = 0; w < scene->workers; w++)
			if (s->w[w].held[i].state != IDLE)
				return false;
	}
	return true;
}
