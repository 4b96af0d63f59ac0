/*
 * judge_words.c - says in plain words what judge.c decided, and lists what was read.
 *
 * A guess is worded as one ("probably"); what was not visible is said to be so. Numbers
 * carry their limit beside them.
 */
#include "judge_words.h"

#include "names.h"
#include "units.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

struct words {
	char *at, *end;
};

static void REAPQ_PRINTF(2, 3) say(struct words *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->at, (size_t)(w->end - w->at), fmt, ap);
	va_end(ap);
	if (n > 0)
		w->at += n < w->end - w->at ? n : w->end - w->at - 1;
}

static const char *
size_of(int64_t bytes, char buf[32])
{
	return units_format_size(bytes, buf, 32);
}

static const char *
time_of(int64_t ms, char buf[32])
{
	return units_format_ms(ms, buf, 32);
}

static bool
has_text(const struct judge_evidence *e)
{
	return e->text != NULL && e->text[0] != '\0';
}

/* "killed by SIGSEGV" or "ended with status 3" */
static void
say_end(const struct judge_evidence *e, struct words *w)
{
	if (e->wait_code == CLD_EXITED)
		say(w, "exited with status %d", e->wait_status);
	else
		say(w, "killed by %s", names_signal(e->wait_status));
}

static void
say_when(const struct judge_evidence *e, struct words *w)
{
	char t[32];

	say(w, " after %s on %s", time_of(e->usage.wall_ms, t), e->host);
}

static void
say_stopped(const struct judge_evidence *e, struct words *w)
{
	say(w, ": stopped by this worker, and ");
	say_end(e, w);
	if (e->killed)
		say(w, ", as SIGTERM did not end it");
}

static void
say_exit(const struct judge_evidence *e, struct words *w)
{
	say_end(e, w);
	if (!e->is_exec)
		say(w, " before giving its result");
	say_when(e, w);
	if (e->limits.memory > 0 &&
	    e->usage.peak_memory >= e->limits.memory - e->limits.memory / 10) {
		char peak[32], limit[32];

		say(w, "; its memory had reached %s of %s",
		    size_of(e->usage.peak_memory, peak),
		    size_of(e->limits.memory, limit));
	}
}

static void
say_signal(
    const struct judge_evidence *e, const struct judge_finding *f, struct words *w)
{
	say_end(e, w);
	say_when(e, w);
	if (e->wait_code == CLD_KILLED && e->wait_status == SIGKILL &&
	    f->certainty == REAPQ_PROVED)
		say(w,
		    "; not by this worker, and not by the kernel's OOM killer, which "
		    "counts none: by another process, or by itself");
	else if (f->certainty == REAPQ_UNKNOWN)
		say(w,
		    "; not by this worker, and the sender of a SIGKILL is not visible: "
		    "the "
		    "kernel's OOM killer, an operator and the task itself all look so");
	else if (e->wait_code == CLD_DUMPED)
		say(w, " (core dumped)");
}

static void
say_memory(const struct judge_evidence *e, struct words *w)
{
	char peak[32], limit[32];

	say_end(e, w);
	say(w, ": probably over its memory limit, as it had reached %s of %s",
	    size_of(e->usage.peak_memory, peak), size_of(e->limits.memory, limit));
	say_when(e, w);
}

static void
say_cpu(const struct judge_evidence *e, const struct judge_finding *f, struct words *w)
{
	char used[32], limit[32];

	if (e->intent == JUDGE_CPU_WATCH) {
		say(w, "over its CPU limit of %s, with %s used by its processes",
		    time_of(e->limits.cpu_ms, limit),
		    time_of(e->cgroup.measured_cpu_ms, used));
		say_stopped(e, w);
		say_when(e, w);
		return;
	}
	say_end(e, w);
	say(w, ": %sover its CPU limit of %s, with %s used",
	    f->certainty == REAPQ_PROVED ? "" : "probably ",
	    time_of(e->limits.cpu_ms, limit),
	    time_of(e->usage.user_ms + e->usage.system_ms, used));
	say_when(e, w);
}

static void
say_limit(
    const struct judge_evidence *e, const struct judge_finding *f, struct words *w)
{
	char a[32];

	if (f->verdict == REAPQ_V_TIME_LIMIT) {
		say(w, "over its time limit of %s", time_of(e->limits.time_ms, a));
		say_stopped(e, w);
		say_when(e, w);
	} else if (f->verdict == REAPQ_V_FILE_SIZE_LIMIT) {
		say_end(e, w);
		say(w, ": it wrote a file past its limit of %s",
		    size_of(e->limits.file_size, a));
		say_when(e, w);
	} else if (f->verdict == REAPQ_V_RESULT_LIMIT) {
		say(w, "its result is larger than the limit of %s",
		    size_of(e->limits.result, a));
	} else if (f->verdict == REAPQ_V_CPU_LIMIT) {
		say_cpu(e, f, w);
	} else {
		say_memory(e, w);
	}
}

static void
say_verdict(
    const struct judge_evidence *e, const struct judge_finding *f, struct words *w)
{
	char a[32];

	switch (f->verdict) {
	case REAPQ_V_OK:
		say(w, "%s in %s on %s",
		    e->is_exec ? "exited with status 0" : "returned its result",
		    time_of(e->usage.wall_ms, a), e->host);
		break;
	case REAPQ_V_ERROR:
		if (e->intent == JUDGE_GARBLED)
			say(w, "it broke the rules on its channel and was killed: ");
		say(w, "%s",
		    has_text(e) ? e->text : "the handler failed and gave no reason");
		break;
	case REAPQ_V_NOT_STARTED:
		say(w, "%s", has_text(e) ? e->text : "it could not be started");
		break;
	case REAPQ_V_EXIT:
		say_exit(e, w);
		break;
	case REAPQ_V_SIGNAL:
		say_signal(e, f, w);
		break;
	case REAPQ_V_CANCELLED:
		say(w, "cancelled");
		if (e->intent_text != NULL && e->intent_text[0] != '\0')
			say(w, " (%s)", e->intent_text);
		say_stopped(e, w);
		say_when(e, w);
		break;
	case REAPQ_V_EXPIRED:
		say(w, "its deadline passed");
		say_stopped(e, w);
		say_when(e, w);
		break;
	case REAPQ_V_WORKER_LOST:
		say(w, "given back unfinished: worker %s ends, or lost its lease",
		    e->host);
		break;
	case REAPQ_V_TIME_LIMIT:
	case REAPQ_V_CPU_LIMIT:
	case REAPQ_V_FILE_SIZE_LIMIT:
	case REAPQ_V_RESULT_LIMIT:
	case REAPQ_V_MEMORY_LIMIT:
		say_limit(e, f, w);
		break;
	case REAPQ_V_OTHER:
	case REAPQ_V_OOM:
	case REAPQ_V_PROCESS_LIMIT:
	case REAPQ_V_VANISHED:
	case REAPQ_VERDICT_COUNT:
		break;
	}
}

void
judge_words_message(const struct judge_evidence *e, struct judge_finding *f)
{
	struct words w = {f->message, f->message + sizeof(f->message)};

	char remark[200];

	f->message[0] = '\0';
	if (judge_cgroup_message(e, f, f->message, sizeof(f->message)))
		w.at += strlen(f->message);
	else
		say_verdict(e, f, &w);
	say(&w, "%s", judge_cgroup_remark(e, f, remark, sizeof(remark)));
	if (e->leftover_processes > 0)
		say(&w, "; %d process%s that it left behind had to be killed",
		    e->leftover_processes, e->leftover_processes == 1 ? "" : "es");
}

static void REAPQ_PRINTF(4, 5) note(
    struct judge_finding *f, const char *source, const char *what, const char *fmt, ...)
{
	struct reapq_evidence *ev;
	char *text;
	va_list ap;

	if (f->evidence_count == JUDGE_EVIDENCE_MAX)
		return;
	text = f->text[f->evidence_count];
	va_start(ap, fmt);
	vsnprintf(text, sizeof(f->text[0]), fmt, ap);
	va_end(ap);
	ev = &f->evidence[f->evidence_count++];
	ev->source = source;
	ev->what = what;
	ev->before = NULL;
	ev->after = text;
}

static const char *
intent_name(enum judge_intent i)
{
	static const char *const names[] = {
	    [JUDGE_NO_INTENT] = "none",
	    [JUDGE_TIME_LIMIT] = "time limit",
	    [JUDGE_CANCEL] = "cancel",
	    [JUDGE_DEADLINE] = "deadline",
	    [JUDGE_SHUTDOWN] = "shutdown",
	    [JUDGE_LEASE_GONE] = "lease gone",
	    [JUDGE_GARBLED] = "garbled channel",
	    [JUDGE_RESULT_LIMIT] = "result limit",
	    [JUDGE_MEMORY_WATCH] = "memory limit, by its watch",
	    [JUDGE_CPU_WATCH] = "CPU limit, by its watch",
	};

	return names[i];
}

static const char *
channel_said(const struct judge_evidence *e)
{
	if (e->done)
		return "returned";
	if (e->failed)
		return "failed";
	if (e->refused)
		return "refused before user code";
	if (e->too_big)
		return "result over its limit";
	return "no answer";
}

void
judge_words_evidence(const struct judge_evidence *e, struct judge_finding *f)
{
	char t[32];

	f->evidence_count = 0;
	note(f, "waitid", "how the child ended", "%s %d (%s)",
	    e->wait_code == CLD_EXITED   ? "CLD_EXITED"
	    : e->wait_code == CLD_DUMPED ? "CLD_DUMPED"
					 : "CLD_KILLED",
	    e->wait_status,
	    e->wait_code == CLD_EXITED ? "exit status" : names_signal(e->wait_status));
	note(f, "rusage", "CPU time of the child and what it waited for",
	    "%lld ms user, %lld ms system", (long long)e->usage.user_ms,
	    (long long)e->usage.system_ms);
	/* a cgroup's peak is among its counters */
	if (!e->cgroup.has_peak)
		note(f, "rusage", "largest resident set (ru_maxrss)", "%s",
		    size_of(e->usage.peak_memory, t));
	if (!e->is_exec || e->refused)
		note(f, "channel", "what the child answered",
		    "%s, %lld bytes of result", channel_said(e),
		    (long long)e->result_len);
	if (e->intent != JUDGE_NO_INTENT)
		note(f, "worker", "signal sent by this worker",
		    "%s, %lld ms after start: %s",
		    e->intent == JUDGE_MEMORY_WATCH || e->intent == JUDGE_CPU_WATCH
			? "SIGKILL"
		    : e->killed ? "SIGTERM, then SIGKILL"
				: "SIGTERM",
		    (long long)e->intent_ms, intent_name(e->intent));
	if (e->leftover_processes > 0)
		note(f, "worker", "processes that outlived it and were killed", "%d",
		    e->leftover_processes);
	judge_cgroup_evidence(e, f);
}

void
judge_not_started(const char *why, struct judge_finding *ret_finding)
{
	memset(ret_finding, 0, sizeof(*ret_finding));
	ret_finding->verdict = REAPQ_V_NOT_STARTED;
	ret_finding->certainty = REAPQ_PROVED;
	snprintf(ret_finding->message, sizeof(ret_finding->message), "%s", why);
	note(ret_finding, "worker", "why no child was started", "%s", why);
}
