/*
 * judge_oomd.c - rows, words and evidence for systemd-oomd.
 *
 * It marks the cgroup before it kills all that is in it, so a SIGKILL that nobody of ours
 * sent, in a cgroup marked in the task's time, was its. A kill by the kernel comes first:
 * that is counted, where this is only written down.
 */
#include "judge_oomd.h"

#include "judge.h"
#include "units.h"
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static bool
rose(int64_t before, int64_t after)
{
	return before >= 0 && after > before;
}

static bool
marked(const struct cgroup_counters *before, const struct cgroup_counters *after)
{
	return rose(before->oomd_ooms, after->oomd_ooms) ||
	       rose(before->oomd_kill, after->oomd_kill);
}

static bool
by_sigkill(const struct judge_evidence *e)
{
	return e->wait_code == CLD_KILLED && e->wait_status == SIGKILL;
}

static bool
own_applies(const struct judge_evidence *e)
{
	const struct judge_cgroup *c = &e->cgroup;

	return by_sigkill(e) && marked(&c->before, &c->after) &&
	       !(c->own && rose(c->before.oom_kill, c->after.oom_kill));
}

static bool
shared_applies(const struct judge_evidence *e)
{
	const struct judge_cgroup *c = &e->cgroup;

	return by_sigkill(e) && c->shared &&
	       marked(&c->shared_before, &c->shared_after) &&
	       !rose(c->shared_before.oom_kill, c->shared_after.oom_kill) &&
	       !(c->own && rose(c->before.oom_kill, c->after.oom_kill));
}

bool
judge_oomd_own(const struct judge_evidence *e, struct judge_finding *f)
{
	if (!own_applies(e))
		return false;
	f->verdict = REAPQ_V_OOM;
	f->certainty = REAPQ_PROVED;
	return true;
}

bool
judge_oomd_shared(const struct judge_evidence *e, struct judge_finding *f)
{
	if (!shared_applies(e))
		return false;
	f->verdict = REAPQ_V_OOM;
	f->certainty = REAPQ_LIKELY;
	return true;
}

int
judge_oomd_message(const struct judge_evidence *e, char *to, size_t cap)
{
	bool own = own_applies(e);
	char wall[32];

	if (!own && !shared_applies(e))
		return 0;
	return snprintf(to, cap,
	    "%skilled by systemd-oomd after %s on %s; it marked %s, as it does before "
	    "it "
	    "kills what is in one, for memory pressure or full swap",
	    own ? "" : "probably ",
	    units_format_ms(e->usage.wall_ms, wall, sizeof(wall)), e->host,
	    own ? "the task's own cgroup"
		: "the cgroup of this worker and all its tasks");
}

static void
note(struct judge_finding *f, const char *what, int64_t before, int64_t after)
{
	struct reapq_evidence *ev;
	char *text;
	int n;

	if (f->evidence_count == JUDGE_EVIDENCE_MAX || before < 0 || after < 0)
		return;
	text = f->text[f->evidence_count];
	ev = &f->evidence[f->evidence_count++];
	/* both in the one text, each with its end */
	n = snprintf(text, sizeof(f->text[0]) / 2, "%lld", (long long)before);
	snprintf(text + n + 1, sizeof(f->text[0]) / 2, "%lld", (long long)after);
	*ev = (struct reapq_evidence){"systemd-oomd", what, text, text + n + 1};
}

void
judge_oomd_evidence(const struct judge_evidence *e, struct judge_finding *f)
{
	const struct judge_cgroup *c = &e->cgroup;

	if (!by_sigkill(e))
		return;
	if (marked(&c->before, &c->after)) {
		note(f, "user.oomd_ooms of its own cgroup: times that it was chosen",
		    c->before.oomd_ooms, c->after.oomd_ooms);
		note(f, "user.oomd_kill of its own cgroup: processes killed",
		    c->before.oomd_kill, c->after.oomd_kill);
	}
	if (c->shared && marked(&c->shared_before, &c->shared_after)) {
		note(f, "user.oomd_ooms of the cgroup that all tasks share",
		    c->shared_before.oomd_ooms, c->shared_after.oomd_ooms);
		note(f, "user.oomd_kill of the cgroup that all tasks share",
		    c->shared_before.oomd_kill, c->shared_after.oomd_kill);
	}
}
