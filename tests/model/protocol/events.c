/*
 * events.c - what Redis, time, the network and an operator may do next in a state.
 */
#include "protocol.h"

#include <string.h>

/* It knows of the task, or will: it asks until it is answered. */
static bool
will_know(const struct state *s, int task)
{
	const struct task *t = &s->t[task];
	const struct worker *w = &s->w[t->worker];
	return t->s == 'R' && w->life == UP && w->claiming && w->seq == t->seq;
}

void
step_time(int task)
{
	struct state s = *now;
	struct task *t = &s.t[task];
	if (scene->deadline && !t->late) {
		t->late = 1;
		/* Where nothing else ends what waits, its deadline has to. */
		emit(&s, "deadline passes: task", task, !scene->for_good);
	}
	s = *now;
	/* As if the submit had been the first to be answered: no copy outlives a result. */
	if (t->r && s.ghost.kind != 's' && s.f[0][task].state != SENT &&
	    s.f[1][task].state != SENT && spend(&s, EXPIRE_RESULT)) {
		t->r = 0;
		t->expired = 1;
		for (int p = 0; p < PRODUCERS; p++)
			s.f[p][task].stale = 1;
		emit(&s, "result expires: task", task, true);
	}
	s = *now;
	if (t->lease != NO_LEASE && t->lease != OVER && !knows(&s, task) &&
	    !(t->lease == VALID && will_know(&s, task))) {
		t->lease = OVER;
		emit(&s, "lease ends: task", task, false);
	}
}

void
step_tick(int task)
{
	struct state s = *now;
	for (int cheap = 0; cheap < 2; cheap++, s = *now)
		if (tick_expire(&s, task, cheap))
			emit(&s, "tick expires: task", task, false);
	if (tick_recover(&s, task))
		emit(&s, "tick recovers: task", task, false);
	s = *now;
	if (tick_promote(&s, task))
		emit(&s, "tick promotes: task", task, false);
}

void
step_redis(void)
{
	struct state s = *now;
	bool waited_for = false;
	if (spend(&s, FLUSH)) {
		memset(s.t, 0, sizeof s.t);
		memset(s.last, 0, sizeof s.last);
		for (int i = 0; i < scene->tasks; i++) {
			s.t[i].grant = now->t[i].grant + 1;
			s.t[i].ever = now->t[i].ever;
			s.t[i].late = now->t[i].late;
		}
		s.unique = s.gap = s.grace = s.paused = s.qr = 0;
		s.lost_all++;
		emit(&s, "FLUSHALL", 0, true);
	}
	s = *now;
	if (spend(&s, OUTAGE)) {
		for (int i = 0; i < scene->tasks; i++)
			if (s.t[i].lease == VALID)
				s.t[i].lease = s.w[s.t[i].worker].life == UP
						   ? OVER_BY_OUTAGE
						   : OVER;
		s.gap = 1;
		emit(&s, "outage longer than a lease", 0, true);
	}
	s = *now;
	if (tick_grace(&s))
		emit(&s, "tick gives grace", 0, false);
	for (int i = 0; i < scene->tasks; i++)
		waited_for |= now->t[i].lease == OVER_BY_OUTAGE && knows(now, i);
	s = *now;
	if (s.grace && !waited_for) {
		s.grace = 0;
		emit(&s, "grace ends", 0, false);
	}
}

/* From some moment on nothing reaches the disk; then Redis restarts with what did. */
void
step_rollback(void)
{
	struct state s = *now;
	if (spend(&s, ROLLBACK)) {
		s.saved.is = 1;
		memcpy(s.saved.t, s.t, sizeof s.t);
		memcpy(s.saved.last, s.last, sizeof s.last);
		s.saved.unique = s.unique;
		emit(&s, "nothing is saved from here on", 0, true);
	}
	s = *now;
	if (!s.saved.is)
		return;
	memcpy(s.t, s.saved.t, sizeof s.t);
	memcpy(s.last, s.saved.last, sizeof s.last);
	s.unique = s.saved.unique;
	memset(&s.saved, 0, sizeof s.saved);
	for (int i = 0; i < scene->tasks; i++) {
		s.t[i].late = now->t[i].late;
		s.t[i].ever = now->t[i].ever;
		if (s.t[i].lease)
			s.t[i].lease = knows(&s, i) ? OVER_BY_OUTAGE : OVER;
	}
	s.gap = 1;
	s.grace = 0;
	s.lost_all++;
	emit(&s, "Redis comes back with older data", 0, true);
}

void
step_pause(void)
{
	struct state s = *now;
	if (!s.paused && spend(&s, PAUSE)) {
		s.paused = 1;
		emit(&s, "the queue is paused", 0, true);
	}
	s = *now;
	if (s.paused && !scene->for_good) {
		s.paused = 0;
		emit(&s, "the queue goes on", 0, false);
	}
}

/* It lasts ten seconds; nothing says that who holds it is well. */
void
step_reservation(void)
{
	struct state s = *now;
	if (s.qr && bug != RESERVED_FOR_EVER) {
		s.qr = 0;
		emit(&s, "the reservation ends", 0, false);
	}
}

void
step_ghost(void)
{
	struct state s = *now;
	struct ghost g = s.ghost;
	memset(&s.ghost, 0, sizeof g);
	if (g.kind == 's')
		(void)submit(&s, g.task);
	else if (g.kind == 'c')
		(void)claim(&s, (struct claim){g.worker, g.seq, 1, 0, .late_copy = true,
				    .forgotten = g.history != s.lost_all});
	else if (g.kind == 'f')
		(void)finish(&s, g.task, g.worker, g.seq, (char)g.mode, g.grant, false);
	else
		return;
	emit(&s, "a late copy arrives", g.kind, false);
}

void
step_cancel(int task)
{
	struct state s = *now;
	if (!spend(&s, CANCEL))
		return;
	for (int way = 0; way < 4; way++) {
		struct state next = s;
		cancel(&next, task, way & 1, way & 2);
		emit(&next, "cancel: task", task, true);
	}
}
