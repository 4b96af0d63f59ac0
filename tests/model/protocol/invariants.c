/*
 * invariants.c - docs/protocol.md, "Invariants", by their numbers there, and what the
 * promise to producers adds. Over the records and the history alone.
 */
#include "checker.h"
#include "protocol.h"

static void
expect(bool holds, const char *what)
{
	if (!holds)
		checker_violation(what);
}

static void
check_task(const struct task *t)
{
	int entries = t->in_p + t->in_ps;
	expect((t->s == 'R') == (t->lease != NO_LEASE), "1: running and in l differ");
	expect((t->s == 'D') == t->in_d, "1: delayed and in d differ");
	expect(t->s != 'P' || entries > 0, "1: it waits on no list");
	expect(t->tombstone || entries == (t->s == 'P'), "1: on a list too often");
	expect(!t->s || !t->r, "2: record and result at once");
	expect(t->ends <= 1, "4: ended twice");
	expect(!t->s || t->lo <= scene->max_lost, "5: lost more often than it may be");
	expect(!t->s || t->nf < scene->max_fail, "5: failed more often than it may");
	expect(!t->s || t->a == t->lo + t->nf + t->more + (t->s == 'R'),
	    "5: attempts are not failures, losses and the one that runs");
	expect(scene->max_lost > 0 || scene->max_fail > 1 || t->starts <= 1,
	    "5: started twice, and must not be");
	/* A submit whose answer was lost is sent again whatever Redis has forgotten. */
	expect(scene->max_lost > 0 || scene->max_fail > 1 || t->ever <= 1 ||
		   scene->budget[LOSE] || scene->budget[GHOST] ||
		   scene->budget[ROLLBACK],
	    "5: submitted again, and must not start twice");
	/* Redis may take back that a lease was lost, and what was stopped for that is
	 * then given back. */
	expect(t->starts <= scene->max_fail + scene->max_lost +
				scene->budget[GIVE_BACK] + scene->budget[ROLLBACK] +
				scene->budget[MORE_MEMORY],
	    "5: started more often than its budgets allow");
	expect(!t->in_x || t->s, "a deadline without a task");
	expect(!t->in_x || scene->deadline, "a deadline that nobody set");
	expect(!scene->deadline || (t->s != 'P' && t->s != 'D') || t->in_x || t->late,
	    "a task has lost its deadline");
	expect(!t->accepted || t->s || t->r || t->expired, "an accepted task is gone");
}

void
check_state(const struct state *s)
{
	for (int i = 0; i < scene->tasks; i++)
		check_task(&s->t[i]);
	for (int w = 0; w < scene->workers; w++) {
		int running = s->w[w].others, suspects = 0;
		for (int i = 0; i < scene->tasks; i++) {
			const struct held_task *h = &s->w[w].held[i];
			bool runs = h->state == CLAIMED || h->state == RUNNING;
			running += runs;
			suspects += runs && h->suspect;
		}
		expect(suspects == 0 || running == 1, "a suspect runs beside others");
	}
	if (scene->unique) {
		expect(!s->unique || s->t[s->unique - 1].s,
		    "the unique key of an ended task");
		expect(!s->t[0].s || !s->t[1].s, "two live tasks with one unique key");
	}
}

/* The promise that lets a suspect start at last: it makes itself idle. */
static void
check_reservation(const struct state *old, const struct state *new)
{
	for (int w = 0; w < scene->workers; w++)
		expect(old->qr != w + 1 || new->qr != w + 1 ||
			   new->w[w].others <= old->w[w].others,
		    "who has reserved was given others");
}

void
check_step(const struct state *old, const struct state *new)
{
	check_reservation(old, new);
	for (int i = 0; i < scene->tasks; i++) {
		const struct task *a = &old->t[i], *b = &new->t[i];
		bool kept = !new->t[i].expired && old->lost_all == new->lost_all;
		expect(!a->r || a->r == b->r || !kept, "4: a result has changed");
		expect(!old->paused || b->s != 'R' || a->s == 'R',
		    "a task of a paused queue was started");
		expect(!a->x || (b->s != 'P' && b->s != 'D') || !kept,
		    "a cancelled task was queued again");
		for (int p = 0; p < scene->producers; p++) {
			int was = old->f[p][i].state, is = new->f[p][i].state;
			expect(
			    was != SETTLED || is == SETTLED, "a future settled twice");
			expect(is != VANISHED || new->lost_all || b->expired ||
				   scene->unique,
			    "vanished, and Redis has lost nothing");
			expect(was != VANISHED || is == VANISHED,
			    "a future settled twice");
		}
	}
}
