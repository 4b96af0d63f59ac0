/*
 * drain.c - owns the two end signals and the timer of the end.
 *
 * Decides when; what ends is the supervisor's. It never ends the loop by itself.
 */
#include "drain.h"

#include "error.h"
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#define LAST_WORDS_MS 5000 /* for reports to reach Redis after all children are gone */

struct drain {
	struct drain_options opts;
	struct event *ev_term, *ev_int, *ev_timer;
	bool begun, stopping;
};

static void
arm(struct drain *d, int64_t ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	(void)event_add(d->ev_timer, &tv);
}

static void
stop(struct drain *d, bool now)
{
	d->stopping = true;
	arm(d, (now ? 0 : d->opts.kill_grace_ms) + LAST_WORDS_MS);
	d->opts.stop(now, d->opts.arg);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct drain *d = arg;
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)fd;
	(void)what;
	if (!d->stopping) {
		stop(d, false);
		return;
	}
	(void)error_set(&err, REAPQ_ECONN,
	    "ending with reports that Redis has not taken; their tasks run again when "
	    "their leases end");
	d->opts.give_up(&err, d->opts.arg);
}

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct drain *d = arg;

	(void)what;
	if (d->begun) {
		stop(d, true);
		return;
	}
	d->begun = true;
	arm(d, d->opts.grace_ms);
	d->opts.begin((int)sig, d->opts.arg);
}

int
drain_new(struct drain **ret_d, struct event_base *base,
    const struct drain_options *opts, struct reapq_error *err)
{
	struct drain *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	d->opts = *opts;
	d->ev_term = evsignal_new(base, SIGTERM, on_signal, d);
	d->ev_int = evsignal_new(base, SIGINT, on_signal, d);
	d->ev_timer = evtimer_new(base, on_timer, d);
	if (d->ev_term == NULL || d->ev_int == NULL || d->ev_timer == NULL ||
	    event_add(d->ev_term, NULL) != 0 || event_add(d->ev_int, NULL) != 0) {
		drain_free(d);
		return error_set(err, REAPQ_ENOMEM, "no memory to catch signals");
	}
	*ret_d = d;
	return 0;
}

void
drain_free(struct drain *d)
{
	if (d == NULL)
		return;
	if (d->ev_term != NULL)
		event_free(d->ev_term);
	if (d->ev_int != NULL)
		event_free(d->ev_int);
	if (d->ev_timer != NULL)
		event_free(d->ev_timer);
	free(d);
}

void
drain_hold(bool on)
{
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGINT);
	sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &both, NULL);
}

bool
drain_begun(const struct drain *d)
{
	return d != NULL && d->begun;
}
