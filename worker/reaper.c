/*
 * reaper.c - owns SIGCHLD and the list of strangers seen once.
 *
 * SIGCHLD comes for our own children too, whose pidfds do the work; so it only sets a
 * short timer, and a burst of deaths costs one look.
 */
#include "reaper.h"

#include "error.h"
#include "leftovers.h"
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define LOOK_US 100000 /* after a death */
#define STRANGERS_MAX 1024

struct reaper {
	struct reaper_options opts;
	struct event *ev_signal, *ev_look;
	bool looking;
	pid_t seen[STRANGERS_MAX];
	int seen_n;
};

static bool
is_dead(pid_t pid)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       si.si_pid == pid;
}

static bool
was_seen(const struct reaper *r, pid_t pid)
{
	for (int i = 0; i < r->seen_n; i++)
		if (r->seen[i] == pid)
			return true;
	return false;
}

static void
look_soon(struct reaper *r)
{
	struct timeval tv = {0, LOOK_US};

	if (!r->looking)
		r->looking = event_add(r->ev_look, &tv) == 0;
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	static pid_t pids[STRANGERS_MAX];
	struct reaper *r = arg;
	pid_t later[STRANGERS_MAX];
	int later_n = 0;
	bool forking = r->opts.forking(r->opts.arg);
	int n = leftovers_children(pids, STRANGERS_MAX);

	(void)fd;
	(void)what;
	r->looking = false;
	for (int i = 0; i < n; i++) {
		if (r->opts.known(pids[i], r->opts.arg) || !is_dead(pids[i]))
			continue;
		if (was_seen(r, pids[i]) && !forking)
			(void)waitpid(pids[i], NULL, WNOHANG);
		else
			later[later_n++] = pids[i];
	}
	memcpy(r->seen, later, (size_t)later_n * sizeof(later[0]));
	r->seen_n = later_n;
	if (later_n > 0)
		look_soon(r);
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look_soon(arg);
}

int
reaper_new(struct reaper **ret_r, struct event_base *base,
    const struct reaper_options *opts, struct reapq_error *err)
{
	struct reaper *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for the reaper");
	r->opts = *opts;
	r->ev_signal = evsignal_new(base, SIGCHLD, on_signal, r);
	r->ev_look = evtimer_new(base, on_look, r);
	if (r->ev_signal == NULL || r->ev_look == NULL ||
	    event_add(r->ev_signal, NULL) != 0) {
		reaper_free(r);
		return error_set(err, REAPQ_ENOMEM, "no memory for the reaper");
	}
	*ret_r = r;
	return 0;
}

void
reaper_free(struct reaper *r)
{
	if (r == NULL)
		return;
	if (r->ev_signal != NULL)
		event_free(r->ev_signal);
	if (r->ev_look != NULL)
		event_free(r->ev_look);
	free(r);
}
