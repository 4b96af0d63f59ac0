/*
 * judge_cgroup.c - the rows for OOM kills and refused forks.
 *
 * A risen counter says that something in that cgroup was killed, not that it was this
 * process: so "proved" takes a witness too (it was alone in there, the kernel kills all in
 * it together, or the kernel's log names it). Which limit ran out is a second question: v2
 * counts it, v1 only hints at it.
 */
#include "judge_cgroup.h"

#include "judge.h"
#include "judge_oomd.h"
#include "names.h"
#include "units.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define PEAK_SLACK ((int64_t)1 << 20) /* charges are batched by the kernel */

/* Of a counter that is missing: 0, as it shows nothing. */
static int64_t
rise(int64_t before, int64_t after)
{
	return before < 0 || after < before ? 0 : after - before;
}

static int64_t
own_kills(const struct judge_cgroup *c)
{
	return c->own ? rise(c->before.oom_kill, c->after.oom_kill) : 0;
}

static int64_t
shared_kills(const struct judge_cgroup *c)
{
	return c->shared ? rise(c->shared_before.oom_kill, c->shared_after.oom_kill)
			 : 0;
}

static int64_t
refused_forks(const struct judge_cgroup *c)
{
	return rise(c->before.pids_max, c->after.pids_max);
}

static bool
by_sigkill(const struct judge_evidence *e)
{
	return e->wait_code == CLD_KILLED && e->wait_status == SIGKILL;
}

/* Was this process the one that was killed? That all in it are killed together shows it
 * only where no other could be meant: a leader that was killed from outside may leave
 * one behind that runs out of memory, before anybody looks at the counters. */
static bool
has_witness(const struct judge_cgroup *c)
{
	bool together =
	    c->group_kill && c->others_killed == 0 &&
	    (c->after.oom_group_kill < 0 ||
		rise(c->before.oom_group_kill, c->after.oom_group_kill) > 0);

	return together || c->alone || c->logged != JUDGE_NOT_LOGGED;
}

static bool
own_limit_hit(const struct judge_evidence *e)
{
	const struct judge_cgroup *c = &e->cgroup;

	if (e->limits.memory < 0 || c->logged == JUDGE_LOGGED_MACHINE)
		return false;
	return c->v2 ? rise(c->before.oom, c->after.oom) > 0
		     : rise(c->before.failcnt, c->after.failcnt) > 0;
}

static bool
shared_limit_hit(const struct judge_cgroup *c)
{
	if (!c->shared || c->logged == JUDGE_LOGGED_MACHINE)
		return false;
	return rise(c->shared_before.oom, c->shared_after.oom) > 0 ||
	       rise(c->shared_before.failcnt, c->shared_after.failcnt) > 0;
}

/* v1 counts hits of a limit, also those that reclaiming mended. */
static bool
own_limit_proved(const struct judge_evidence *e)
{
	const struct judge_cgroup *c = &e->cgroup;

	if (c->v2)
		return true;
	return c->logged == JUDGE_LOGGED_CGROUP && !shared_limit_hit(c) &&
	       c->has_peak && c->after.peak >= e->limits.memory - PEAK_SLACK;
}

static bool
found(struct judge_finding *f, enum reapq_verdict v, bool proved)
{
	f->verdict = v;
	f->certainty = proved ? REAPQ_PROVED : REAPQ_LIKELY;
	return true;
}

bool
judge_cgroup(const struct judge_evidence *e, struct judge_finding *f)
{
	const struct judge_cgroup *c = &e->cgroup;

	if (by_sigkill(e) && own_kills(c) > 0 && own_limit_hit(e))
		return found(
		    f, REAPQ_V_MEMORY_LIMIT, has_witness(c) && own_limit_proved(e));
	if (by_sigkill(e) && own_kills(c) > 0)
		return found(f, REAPQ_V_OOM, has_witness(c));
	if (judge_oomd_own(e, f))
		return true;
	/* As many OOM kills as children that died so: no other reading is as simple. */
	if (by_sigkill(e) && !c->own && shared_kills(c) > 0 &&
	    shared_kills(c) == c->killed)
		return found(f, REAPQ_V_OOM, false);
	if (judge_oomd_shared(e, f))
		return true;
	/* A signal has a cause of its own; the remark tells of the forks. */
	if (refused_forks(c) > 0 && e->wait_code == CLD_EXITED && e->wait_status != 0)
		return found(f, REAPQ_V_PROCESS_LIMIT, false);
	return false;
}

bool
judge_cgroup_killed_too(const struct judge_evidence *e)
{
	return by_sigkill(e) && own_kills(&e->cgroup) > 0 && own_limit_hit(e);
}

bool
judge_cgroup_clears(const struct judge_evidence *e)
{
	const struct judge_cgroup *c = &e->cgroup;

	if (c->own)
		return c->before.oom_kill >= 0 && c->after.oom_kill >= 0 &&
		       own_kills(c) == 0;
	return c->shared && c->shared_before.oom_kill >= 0 &&
	       c->shared_after.oom_kill >= 0 && shared_kills(c) == 0;
}

/* ---- words ------------------------------------------------------------------------ */

static const char *
size_of(int64_t bytes, char buf[32])
{
	return units_format_size(bytes, buf, 32);
}

static int
say_own_limit(const struct judge_evidence *e, bool proved, char *to, size_t cap)
{
	char limit[32], peak[32], wall[32];
	bool has_peak = e->cgroup.has_peak;

	return snprintf(to, cap,
	    "%sover its memory limit of %s%s%s: killed by the kernel's OOM killer in "
	    "its own cgroup after %s on %s",
	    proved ? "" : "probably ", size_of(e->limits.memory, limit),
	    has_peak ? ", with a peak of " : "",
	    has_peak ? size_of(e->cgroup.after.peak, peak) : "",
	    units_format_ms(e->usage.wall_ms, wall, sizeof(wall)), e->host);
}

static const char *
which_oom(const struct judge_cgroup *c)
{
	if (c->logged == JUDGE_LOGGED_MACHINE)
		return "the machine ran out of memory";
	if (!c->own || shared_limit_hit(c))
		return "the cgroup of this worker and all its tasks (the container) "
		       "ran "
		       "out of memory";
	return "not by its own limit: the machine, or a cgroup above this worker's, "
	       "ran out of memory";
}

static int
say_oom(const struct judge_evidence *e, bool proved, char *to, size_t cap)
{
	char wall[32];

	return snprintf(to, cap,
	    "%skilled by the kernel's OOM killer after %s on %s; %s%s",
	    proved ? "" : "probably ",
	    units_format_ms(e->usage.wall_ms, wall, sizeof(wall)), e->host,
	    which_oom(&e->cgroup),
	    proved ? ""
	    : e->cgroup.own
		? " (which of the processes in its cgroup was killed is not known)"
		: " (a SIGKILL's sender is not visible; the OOM kills counted there "
		  "are as many as the tasks that died so)");
}

static int
say_watch(const struct judge_evidence *e, char *to, size_t cap)
{
	char limit[32], used[32], wall[32];

	return snprintf(to, cap,
	    "over its memory limit of %s: its processes held %s, and this worker "
	    "killed "
	    "them after %s on %s",
	    size_of(e->limits.memory, limit), size_of(e->cgroup.measured, used),
	    units_format_ms(e->usage.wall_ms, wall, sizeof(wall)), e->host);
}

static int
say_processes(const struct judge_evidence *e, char *to, size_t cap)
{
	char wall[32];
	bool exited = e->wait_code == CLD_EXITED;
	char status[16];

	snprintf(status, sizeof(status), "%d", e->wait_status);
	return snprintf(to, cap,
	    "%s %s after %s on %s; its limit of %lld processes had refused it %lld "
	    "fork%s",
	    exited ? "exited with status" : "killed by",
	    exited ? status : names_signal(e->wait_status),
	    units_format_ms(e->usage.wall_ms, wall, sizeof(wall)), e->host,
	    (long long)e->limits.processes, (long long)refused_forks(&e->cgroup),
	    refused_forks(&e->cgroup) == 1 ? "" : "s");
}

bool
judge_cgroup_message(
    const struct judge_evidence *e, const struct judge_finding *f, char *to, size_t cap)
{
	const struct judge_cgroup *c = &e->cgroup;
	bool proved = f->certainty == REAPQ_PROVED;
	int n = 0;

	if (f->verdict == REAPQ_V_PROCESS_LIMIT)
		n = say_processes(e, to, cap);
	else if (f->verdict == REAPQ_V_OOM)
		n = judge_oomd_message(e, to, cap);
	if (f->verdict == REAPQ_V_OOM && n == 0)
		n = say_oom(e, proved, to, cap);
	else if (f->verdict == REAPQ_V_MEMORY_LIMIT && own_kills(c) > 0)
		n = say_own_limit(e, proved, to, cap);
	else if (f->verdict == REAPQ_V_MEMORY_LIMIT && c->measured > 0 &&
		 e->intent == JUDGE_MEMORY_WATCH)
		n = say_watch(e, to, cap);
	if (f->verdict == REAPQ_V_MEMORY_LIMIT && e->intent != JUDGE_NO_INTENT &&
	    e->killed && n > 0 && (size_t)n < cap && own_kills(c) > 0)
		(void)snprintf(to + n, cap - (size_t)n,
		    "; this worker was stopping it too, and which came first is not "
		    "known");
	return n > 0;
}

const char *
judge_cgroup_remark(const struct judge_evidence *e, const struct judge_finding *f,
    char *buf, size_t cap)
{
	const struct judge_cgroup *c = &e->cgroup;
	bool oom = f->verdict == REAPQ_V_MEMORY_LIMIT || f->verdict == REAPQ_V_OOM;
	int64_t n = own_kills(c);

	buf[0] = '\0';
	if (n > 0 && !oom)
		snprintf(buf, cap,
		    "; %lld process%s that it had started %s killed by the kernel's "
		    "OOM "
		    "killer",
		    (long long)n, n == 1 ? "" : "es", n == 1 ? "was" : "were");
	else if (by_sigkill(e) && f->verdict == REAPQ_V_SIGNAL && shared_kills(c) > 0)
		snprintf(buf, cap,
		    "; in its time %lld OOM kill%s counted in the cgroup that all "
		    "tasks "
		    "share, and %d task%s died so",
		    (long long)shared_kills(c),
		    shared_kills(c) == 1 ? " was" : "s were", c->killed,
		    c->killed == 1 ? "" : "s");
	else if (refused_forks(c) > 0 && f->verdict != REAPQ_V_PROCESS_LIMIT)
		snprintf(buf, cap,
		    "; its limit of %lld processes had refused it %lld fork%s",
		    (long long)e->limits.processes, (long long)refused_forks(c),
		    refused_forks(c) == 1 ? "" : "s");
	return buf;
}

/* ---- evidence -------------------------------------------------------------------- */

static void
note(struct judge_finding *f, const char *source, const char *what, int64_t before,
    int64_t after)
{
	struct reapq_evidence *ev;
	char *text;
	int n;

	if (f->evidence_count == JUDGE_EVIDENCE_MAX || after < 0)
		return;
	text = f->text[f->evidence_count];
	ev = &f->evidence[f->evidence_count++];
	ev->source = source;
	ev->what = what;
	/* both in the one text, each with its end */
	n = snprintf(text, sizeof(f->text[0]) / 2, "%lld", (long long)before);
	ev->before = before >= 0 ? text : NULL;
	ev->after = text + n + 1;
	snprintf(text + n + 1, sizeof(f->text[0]) / 2, "%lld", (long long)after);
}

static void
note_own(const struct judge_cgroup *c, struct judge_finding *f)
{
	const char *events = c->v2 ? "memory.events" : "memory.oom_control";

	note(f, events, "oom_kill of its own cgroup: processes killed in it",
	    c->before.oom_kill, c->after.oom_kill);
	if (c->v2) {
		note(f, events, "oom of its own cgroup: its limit ran out",
		    c->before.oom, c->after.oom);
		if (rise(c->before.oom_kill, c->after.oom_kill) > 0)
			note(f, events, "oom_group_kill: all in it killed together",
			    c->before.oom_group_kill, c->after.oom_group_kill);
	} else {
		note(f, "memory.failcnt", "times that its own limit was hit",
		    c->before.failcnt, c->after.failcnt);
	}
	if (c->has_peak)
		note(f, c->v2 ? "memory.peak" : "memory.max_usage_in_bytes",
		    "most that was charged to its cgroup, page cache included, bytes",
		    -1, c->after.peak);
}

static void
note_shared(const struct judge_cgroup *c, struct judge_finding *f)
{
	note(f, c->shared_v2 ? "memory.events" : "memory.oom_control",
	    "oom_kill of the cgroup that all tasks share", c->shared_before.oom_kill,
	    c->shared_after.oom_kill);
	note(f, c->shared_v2 ? "memory.events" : "memory.failcnt",
	    "times that the limit of the cgroup that all share was hit",
	    c->shared_v2 ? c->shared_before.oom : c->shared_before.failcnt,
	    c->shared_v2 ? c->shared_after.oom : c->shared_after.failcnt);
}

void
judge_cgroup_evidence(const struct judge_evidence *e, struct judge_finding *f)
{
	const struct judge_cgroup *c = &e->cgroup;

	if (c->own)
		note_own(c, f);
	if (refused_forks(c) > 0)
		note(f, "pids.events", "forks refused for its limit of processes",
		    c->before.pids_max, c->after.pids_max);
	if (c->shared && (by_sigkill(e) || own_kills(c) > 0))
		note_shared(c, f);
	judge_oomd_evidence(e, f);
	if (c->logged != JUDGE_NOT_LOGGED)
		note(f, "kmsg",
		    c->logged == JUDGE_LOGGED_CGROUP
			? "the kernel's log names it as killed for its cgroup's memory"
			: "the kernel's log names it as killed for the machine's "
			  "memory",
		    -1, e->pid);
	if (c->measured > 0)
		note(f, "worker", "most memory seen in its processes, bytes", -1,
		    c->measured);
	if (c->measured_cpu_ms > 0)
		note(f, "worker", "CPU time seen in its processes, ms", -1,
		    c->measured_cpu_ms);
}
