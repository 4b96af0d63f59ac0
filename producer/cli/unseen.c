/*
 * unseen.c - the gaps in a report's evidence, in words.
 *
 * Each rule asks first whether the missing fact could have changed the verdict or its
 * certainty, so that a plain exit status is not followed by a lecture. It never guesses
 * what the missing fact would have said. A tier that this reapq does not know has no
 * rules of its own.
 */
#include "unseen.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>

static const char cgroups[] =
    "give the worker cgroups of its own: systemd Delegate=yes, Docker 28 or newer "
    "--security-opt writable-cgroups=true; reapq-worker --check says what it has";

struct list {
	struct unseen *at;
	size_t n;
};

static void
add(struct list *l, const char *what, const char *cure)
{
	if (l->n < UNSEEN_MAX)
		l->at[l->n++] = (struct unseen){what, cure};
}

static bool
on_tier(const struct reapq_report *r, const char *name)
{
	return r->isolation != NULL && strcmp(r->isolation, name) == 0;
}

static bool
has_own_counter(const struct reapq_report *r)
{
	return on_tier(r, "A") || on_tier(r, "B");
}

static bool
shares_counters(const struct reapq_report *r)
{
	return on_tier(r, "C") || on_tier(r, "C!");
}

static bool
known_tier(const struct reapq_report *r)
{
	return has_own_counter(r) || shares_counters(r) || on_tier(r, "A0") ||
	       on_tier(r, "D");
}

static bool
is_exec(const struct reapq_report *r)
{
	return r->handler != NULL && strcmp(r->handler, "exec") == 0;
}

/* Who ran out of memory, and whether anybody did. */
static void
memory(const struct reapq_report *r, struct list *l)
{
	bool killed = r->signal.number == SIGKILL;
	bool by_memory =
	    r->verdict == REAPQ_V_OOM || r->verdict == REAPQ_V_MEMORY_LIMIT;

	if (r->certainty == REAPQ_PROVED || !known_tier(r) || (!killed && !by_memory))
		return;
	if (shares_counters(r))
		add(l,
		    "which process the kernel's OOM killer chose: the counter that "
		    "could be "
		    "read is one for all tasks of the worker",
		    cgroups);
	else if (!has_own_counter(r))
		add(l,
		    "whether the kernel's OOM killer was at work: no counter of it "
		    "could be "
		    "read",
		    cgroups);
	else if (on_tier(r, "B") && by_memory)
		add(l,
		    "whose limit was hit: cgroup v1 counts the kill, but not the "
		    "reason",
		    "run the worker where cgroup v2 holds memory, or where it may read "
		    "the "
		    "kernel's log (CAP_SYSLOG)");
}

static void
sender(const struct reapq_report *r, struct list *l)
{
	if (r->verdict != REAPQ_V_SIGNAL || r->signal.number == 0)
		return;
	if (r->signal.number == SIGKILL || r->signal.number == SIGSTOP)
		add(l,
		    "who sent the signal: the kernel tells that to the receiver alone, "
		    "and "
		    "SIGKILL cannot be received",
		    "look at the host: journalctl -k for the OOM killer, auditctl or "
		    "the signal:signal_generate tracepoint for a sender");
	else if (r->signal.code_name == NULL)
		add(l,
		    is_exec(r) ? "why the signal came, and where: a command has no "
				 "crash record, "
				 "which lives in the handler's process"
			       : "why the signal came, and where: the process left no "
				 "crash record "
				 "(its own handler was in place, or it had no stack to "
				 "write on)",
		    is_exec(r)
			? "run it with --core and a core pattern on the host, or "
			  "under a debugger"
			: "let the handler leave the crash signals alone, or run "
			  "it under a debugger");
}

static void
frames(const struct reapq_report *r, struct list *l)
{
	bool named = false;

	if (r->backtrace_count == 0)
		return;
	for (size_t i = 0; i < r->backtrace_count; i++)
		named = named || r->backtrace[i].function != NULL;
	if (!named)
		add(l, "the names of the functions in its stack",
		    "install reapq-symbolize beside the worker and keep the module's "
		    "symbols "
		    "(not stripped, or with separate debug files of the same build "
		    "id)");
}

static void
leftovers(const struct reapq_report *r, struct list *l)
{
	if (r->leftover_processes > 0 && (shares_counters(r) || on_tier(r, "D")))
		add(l,
		    "whether every process that it left was found: without a cgroup of "
		    "its "
		    "own one that forks on and on can slip away",
		    cgroups);
}

static void
worker(const struct reapq_report *r, struct list *l)
{
	if (r->verdict == REAPQ_V_WORKER_LOST)
		add(l,
		    "why the worker fell silent: it cannot tell any more, and Redis "
		    "saw only "
		    "that its heartbeats ended",
		    "look at that host: docker inspect (OOMKilled), journalctl -k, and "
		    "the "
		    "worker's log; with isolation C! an OOM kill takes the worker "
		    "along");
	if (r->verdict == REAPQ_V_VANISHED)
		add(l, "whether it ran: its record was gone from Redis",
		    "keep Redis on disk (appendonly yes), with maxmemory-policy "
		    "noeviction");
}

size_t
unseen_list(const struct reapq_report *report, struct unseen list[UNSEEN_MAX])
{
	struct list l = {list, 0};

	memory(report, &l);
	sender(report, &l);
	frames(report, &l);
	leftovers(report, &l);
	worker(report, &l);
	return l.n;
}
