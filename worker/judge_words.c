/*
 * judge_words.c - says in plain words what judge.c decided, and lists what was read.
 *
 * A guess is worded as one ("probably"); what was not visible is said to be so. Numbers
 * carry their limit beside them.
 */
#include "judge_words.h"

#include "crash_words.h"
#include "judge_seccomp.h"
#include "leftovers.h"
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

static bool
has_record(const struct judge_evidence *e)
{
	return e->crash != NULL && e->crash->seen;
}

/* Why the signal came, and where: as far as the process could still tell. */
static void
say_place(const struct judge_evidence *e, struct words *w)
{
	char place[CRASH_WORDS_MAX];

	if (!has_record(e) || e->crash->asked)
		return;
	crash_words_place(e->crash, place, sizeof(place));
	if (place[0] != '\0')
		say(w, ", in %s,", place);
}

static void
say_crash(const struct judge_evidence *e, struct words *w)
{
	char cause[CRASH_WORDS_MAX];

	cause[0] = '\0';
	if (!judge_seccomp_cause(e, cause, sizeof(cause)) && has_record(e))
		crash_words_cause(e->crash, e->err, e->err_len, cause, sizeof(cause));
	if (cause[0] != '\0')
		say(w, ": %s", cause);
	say_place(e, w);
}

static void
say_where_it_was(const struct judge_evidence *e, struct words *w)
{
	char place[CRASH_WORDS_MAX];

	if (!has_record(e) || !e->crash->asked)
		return;
	crash_words_place(e->crash, place, sizeof(place));
	if (place[0] != '\0')
		say(w, "; at the limit it was in %s", place);
}

static void
say_stopped(const struct judge_evidence *e, struct words *w)
{
	say(w, e->asked_where && !e->asked && !e->killed
		   ? ": this worker asked where it was, and then it was "
		   : ": stopped by this worker, and ");
	say_end(e, w);
	if (e->killed && e->asked)
		say(w, ", as SIGTERM did not end it");
	else if (!e->killed && e->wait_code == CLD_KILLED && e->wait_status == SIGKILL)
		say(w, ", which this worker had not sent yet");
}

static void
say_exit(const struct judge_evidence *e, struct words *w)
{
	say_end(e, w);
	if (!e->is_exec)
		say(w, " before giving its result");
	say_when(e, w);
	if (e->limits.memory > 0 &&
	    e->max_rss >= e->limits.memory - e->limits.memory / 10) {
		char peak[32], limit[32];

		say(w, "; its memory had reached %s of %s", size_of(e->max_rss, peak),
		    size_of(e->limits.memory, limit));
	}
}

static void
say_signal(
    const struct judge_evidence *e, const struct judge_finding *f, struct words *w)
{
	say_end(e, w);
	say_crash(e, w);
	say_when(e, w);
	if (f->certainty == REAPQ_UNKNOWN && judge_cgroup_clears(e))
		say(w,
		    "; not by this worker, and not by the kernel's OOM killer, which "
		    "counts none in its cgroup: by another process, or by itself");
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
	    size_of(e->max_rss, peak), size_of(e->limits.memory, limit));
	say_place(e, w);
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
	say_place(e, w);
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
		say_where_it_was(e, w);
	} else if (f->verdict == REAPQ_V_FILE_SIZE_LIMIT) {
		say_end(e, w);
		say(w, ": it %swrote a file past its limit of %s",
		    f->certainty == REAPQ_PROVED ? "" : "probably ",
		    size_of(e->limits.file_size, a));
		say_place(e, w);
		say_when(e, w);
	} else if (f->verdict == REAPQ_V_RESULT_LIMIT && e->no_memory) {
		say(w, "the worker had no memory for its result, of which %s had come",
		    size_of(e->result_len, a));
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
		if (e->garbled)
			say(w, "it broke the rules on its channel: ");
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
		say(w, "stopped unfinished, as its worker was told to end or lost its "
		       "lease");
		say_when(e, w);
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

/* A cut may have gone through a character: UTF-8 begins one with 11xxxxxx. */
static void
mend_cut(char *text, size_t cap)
{
	size_t len = strlen(text);
	size_t i = len;

	if (len + 1 < cap)
		return;
	while (i > 0 && len - i < 3 && ((unsigned char)text[i - 1] & 0xc0) == 0x80)
		i--;
	if (i > 0 && ((unsigned char)text[i - 1] & 0xc0) == 0xc0)
		text[i - 1] = '\0';
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
		say(&w, "; %s%d process%s that it left behind had to be killed",
		    e->leftover_processes >= LEFTOVERS_SEEN_MAX ? "at least " : "",
		    e->leftover_processes, e->leftover_processes == 1 ? "" : "es");
	if (e->crash != NULL && e->crash->note[0] != '\0')
		say(&w, "; last note: %s", e->crash->note);
	mend_cut(f->message, sizeof(f->message));
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

static void
note_crash(const struct judge_evidence *e, struct judge_finding *f)
{
	const struct crash_record *r = e->crash;
	char text[CRASH_WORDS_MAX];

	if (r->note[0] != '\0')
		note(f, "note", "what the handler noted last", "%s", r->note);
	if (r->seen) {
		crash_words_signal(r, text, sizeof(text));
		note(f, "crash record",
		    r->asked ? "what it was asked at its time limit, as the process "
			       "reported it"
			     : "the signal, as the process reported it",
		    "%s", text);
		crash_words_registers(r, text, sizeof(text));
		note(f, "crash record", "registers", "%s", text);
		crash_words_frames(r, text, sizeof(text));
		note(f, "crash record", "backtrace", "%s", text);
	} else if (e->wait_code != CLD_EXITED && e->intent == JUDGE_NO_INTENT) {
		note(f, "crash record", "what the process reported",
		    e->wait_status == SIGKILL
			? "nothing: no process can see a SIGKILL come"
			: "nothing: a thread without room on its stack, a handler of "
			  "the task's own, or a signal that is not recorded");
	}
	if (r->seen && r->map_path[0] != '\0')
		note(f, "crash record", "what is mapped at the address",
		    "%s, of %lld bytes, with %lld bytes free where it is", r->map_path,
		    (long long)r->file_size, (long long)r->fs_free);
}

void
judge_words_evidence(const struct judge_evidence *e, struct judge_finding *f)
{
	char t[32], text[256];

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
		    e->killed        ? e->asked ? "SIGTERM, then SIGKILL" : "SIGKILL"
		    : e->asked       ? "SIGTERM"
		    : e->asked_where ? "SIGRTMAX-2, to ask where it was"
				     : "none in time",
		    (long long)e->intent_ms, intent_name(e->intent));
	if (e->leftover_processes > 0)
		note(f, "worker", "processes that outlived it and were killed", "%d",
		    e->leftover_processes);
	judge_cgroup_evidence(e, f);
	if (judge_seccomp_evidence(e, text, sizeof(text)))
		note(f, "seccomp", "the system call that was refused", "%s", text);
	if (e->crash != NULL)
		note_crash(e, f);
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
