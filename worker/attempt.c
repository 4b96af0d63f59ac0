/*
 * attempt.c - owns an attempt's child, timer and what came from it.
 *
 * Invariants: an intent is noted before its signal goes out, and only while the child
 * lives, so a death by its own cause is never put down to us; the first intent stays.
 * The slot is held until the child and what it left behind are gone, the lease until
 * Redis has the report. Bytes from the child are bounded by the limits in force.
 */
#include "attempt.h"

#include "attempt_isolation.h"
#include "attempt_report.h"
#include "attempt_watch.h"
#include "check.h"
#include "clock.h"
#include "dispatch.h"
#include "error.h"
#include "leftovers.h"
#include "limit.h"
#include "log.h"
#include "runner_proc.h"
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SWEEP_MS 5        /* between looks */
#define SWEEP_MAX_MS 2000 /* then what is left is counted and left */
#define RETRY_REPORT_MS 500

static void conclude(struct attempt *a);

static void
arm(struct attempt *a, int64_t ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	/* Without memory for a timer there is no way to keep a promise. */
	CHECK(event_add(a->ev_timer, &tv) == 0);
}

/* ---- the claim -------------------------------------------------------------- */

static void
unfit(struct attempt *a, const char *why)
{
	judge_not_started(why, &a->finding);
}

static void
examine(struct attempt *a, const struct attempt_claim *claim)
{
	const struct config *config = a->env->config;
	struct reapq_error why = REAPQ_ERROR_INIT;
	char text[1024];
	bool exec;

	if (wire_task_decode(
		claim->message, claim->message_len, &a->box, &a->task, &why) == 0 &&
	    strcmp(a->task.id, a->id) != 0)
		(void)error_set(&why, REAPQ_EPROTO, "it says that its id is %s",
		    log_quote(a->task.id));
	if (why.code != 0) {
		a->buried = true;
		memset(&a->task, 0, sizeof(a->task));
		snprintf(text, sizeof(text), "its message cannot be read: %s", why.msg);
		unfit(a, text);
		return;
	}
	limit_apply(&a->task.limits, &config->defaults, &config->ceilings, &a->limits);
	exec = strcmp(a->task.handler, REAPQ_HANDLER_EXEC) == 0;
	a->evidence.is_exec = exec;
	if (exec && !config->allow_exec) {
		snprintf(text, sizeof(text),
		    "worker %s does not run commands: it was started without "
		    "--allow-exec",
		    a->env->worker_id);
		unfit(a, text);
	} else if (!exec && !runner_proc_handles(a->env->runner, a->task.handler)) {
		const char *names = runner_proc_handlers(a->env->runner);

		snprintf(text, sizeof(text), "no handler %s on worker %s; it has: %s",
		    log_quote(a->task.handler), a->env->worker_id,
		    names[0] != '\0' ? names : "none, as no --module was given");
		unfit(a, text);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *arg);

int
attempt_new(struct attempt **ret_a, const struct attempt_env *env,
    const struct attempt_claim *claim, struct reapq_error *err)
{
	struct attempt *a = calloc(1, sizeof(*a));

	if (a == NULL || (a->ev_timer = evtimer_new(env->base, on_timer, a)) == NULL) {
		free(a);
		return error_set(err, REAPQ_ENOMEM, "no memory for an attempt");
	}
	a->env = env;
	a->queue = claim->queue;
	snprintf(a->id, sizeof(a->id), "%s", claim->id);
	snprintf(a->token, sizeof(a->token), "%s", claim->token);
	a->number = claim->attempt;
	a->failed = claim->failed;
	for (int i = 0; i < LIMIT_N; i++)
		limit_set(&a->limits, (enum limit_index)i, REAPQ_UNLIMITED);
	a->evidence.usage =
	    (struct reapq_usage){-1, -1, -1, -1, NULL, -1, -1, -1, -1, -1, -1};
	a->evidence.host = env->host;
	examine(a, claim);
	*ret_a = a;
	return 0;
}

void
attempt_free(struct attempt *a)
{
	if (a == NULL)
		return;
	attempt_watch_free(a->watch);
	child_free(a->child);
	isolation_leave(a->env->isolation, a->slot);
	event_free(a->ev_timer);
	wire_box_free(&a->box);
	buf_free(&a->result);
	buf_free(&a->text);
	free(a);
}

bool
attempt_wants_child(const struct attempt *a)
{
	return a->state == ATTEMPT_WAITING && a->finding.verdict == REAPQ_V_OTHER;
}

bool
attempt_holds_slot(const struct attempt *a)
{
	return a->state != ATTEMPT_REPORTING;
}

void
attempt_refuse(struct attempt *a)
{
	CHECK(a->state == ATTEMPT_WAITING && a->finding.verdict != REAPQ_V_OTHER);
	conclude(a);
}

/* ---- what the child says ------------------------------------------------------- */

static void
on_part(struct attempt *a, const void *data, size_t len)
{
	a->evidence.result_len += (int64_t)len;
	if (a->evidence.result_len > a->limits.result) {
		attempt_stop(a, JUDGE_RESULT_LIMIT, "", true);
		a->evidence.too_big = true;
		buf_free(&a->result);
	} else if (buf_add(&a->result, data, len) != 0) {
		attempt_stop(a, JUDGE_GARBLED, "", true);
		(void)buf_addf(&a->text, "no memory in the worker for its result");
	}
}

static void
on_frame(enum frame_type type, const void *data, size_t len, void *arg)
{
	struct attempt *a = arg;
	struct judge_evidence *e = &a->evidence;

	switch (type) {
	case FRAME_PART:
		if (!e->too_big && !e->done)
			on_part(a, data, len);
		break;
	case FRAME_DONE:
		e->done = true;
		break;
	case FRAME_FAILED:
	case FRAME_REFUSED:
		e->failed = type == FRAME_FAILED;
		e->refused = type == FRAME_REFUSED;
		a->text.len = 0;
		(void)buf_add(&a->text, data, len);
		break;
	case FRAME_LOG:
		log_event(LOG_INFO, "task_says", "task=%s text=%s", a->id,
		    log_quote_bytes(data, len));
		break;
	case FRAME_TOO_BIG:
		e->too_big = true;
		buf_free(&a->result);
		break;
	case FRAME_TYPE_COUNT:
		break;
	}
}

static void
on_garbled(const struct reapq_error *err, void *arg)
{
	struct attempt *a = arg;

	attempt_stop(a, JUDGE_GARBLED, "", true);
	a->text.len = 0;
	(void)buf_addf(&a->text, "%s", err->msg);
}

/* ---- start and stop ------------------------------------------------------------- */

static void on_exit_of_child(void *arg);

void
attempt_start(struct attempt *a, struct child *c)
{
	struct child_watcher watcher = {on_frame, on_garbled, on_exit_of_child, a};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_limits own = attempt_isolation_rest(a);
	size_t len;
	void *bytes = dispatch_encode(&a->task, a->queue, a->number, &own, &len, &err);

	CHECK(attempt_wants_child(a));
	if (bytes == NULL || attempt_isolation_enter(a, child_pid(c), &err) != 0) {
		free(bytes);
		child_free(c);
		unfit(a, err.msg);
		conclude(a);
		return;
	}
	if (child_dispatch(c, bytes, len, (size_t)a->limits.output, &watcher, &err) !=
	    0) {
		child_free(c);
		unfit(a, err.msg);
		conclude(a);
		return;
	}
	a->child = c;
	a->state = ATTEMPT_RUNNING;
	a->started_ms = clock_mono_ms();
	a->started_wall_ms = clock_wall_ms();
	if (a->limits.time_ms >= 0)
		arm(a, a->limits.time_ms);
	attempt_watch_start(a);
	log_event(LOG_DEBUG, "task_started", "task=%s attempt=%d handler=%s pid=%d",
	    a->id, a->number, log_quote(a->task.handler), (int)child_pid(c));
}

static void
stop_running(struct attempt *a, bool now)
{
	if (!child_signal(a->child, now ? SIGKILL : SIGTERM)) {
		/* It was dead already; if nothing had been sent, of its own cause. */
		if (!a->signalled)
			a->evidence.intent = JUDGE_NO_INTENT;
		return;
	}
	a->signalled = true;
	if (now) {
		a->evidence.killed = true;
		(void)event_del(a->ev_timer);
	} else {
		arm(a, a->env->config->kill_grace_ms);
	}
}

static void
stop_waiting(struct attempt *a, enum judge_intent intent)
{
	if (intent == JUDGE_CANCEL) {
		judge_not_started("cancelled before it started", &a->finding);
		a->finding.verdict = REAPQ_V_CANCELLED;
	} else if (intent == JUDGE_DEADLINE) {
		judge_not_started("its deadline passed before it started", &a->finding);
		a->finding.verdict = REAPQ_V_EXPIRED;
	} else {
		judge_not_started("given back before it started", &a->finding);
		a->finding.verdict = REAPQ_V_WORKER_LOST;
	}
	conclude(a);
}

void
attempt_stop(struct attempt *a, enum judge_intent intent, const char *text, bool now)
{
	struct judge_evidence *e = &a->evidence;

	if (a->state != ATTEMPT_WAITING && a->state != ATTEMPT_RUNNING)
		return;
	if (e->intent != JUDGE_NO_INTENT && !(now && !e->killed))
		return;
	if (e->intent == JUDGE_NO_INTENT) {
		e->intent = intent;
		snprintf(a->intent_text, sizeof(a->intent_text), "%s", text);
		e->intent_ms = a->started_ms > 0 ? clock_mono_ms() - a->started_ms : 0;
	}
	if (a->state == ATTEMPT_RUNNING)
		stop_running(a, now);
	else if (attempt_wants_child(a))
		stop_waiting(a, intent);
}

static void sweep(struct attempt *a);

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct attempt *a = arg;

	(void)fd;
	(void)what;
	switch (a->state) {
	case ATTEMPT_RUNNING:
		if (a->evidence.intent == JUDGE_NO_INTENT)
			attempt_stop(a, JUDGE_TIME_LIMIT, "", false);
		else
			stop_running(a, true);
		break;
	case ATTEMPT_SWEEPING:
		sweep(a);
		break;
	case ATTEMPT_REPORTING:
		conclude(a);
		break;
	case ATTEMPT_WAITING:
		break;
	}
}

/* ---- the end ------------------------------------------------------------------------ */

static void
on_exit_of_child(void *arg)
{
	struct attempt *a = arg;

	a->ended_wall_ms = clock_wall_ms();
	a->evidence.usage.wall_ms = clock_mono_ms() - a->started_ms;
	(void)event_del(a->ev_timer);
	attempt_watch_free(a->watch);
	a->watch = NULL;
	attempt_isolation_read(a);
	a->state = ATTEMPT_SWEEPING;
	a->sweep_until_ms = clock_mono_ms() + SWEEP_MAX_MS;
	/* The group still exists: its leader is our zombie. */
	(void)kill(-child_pid(a->child), SIGKILL);
	sweep(a);
}

static void
sweep(struct attempt *a)
{
	int reaped = 0;
	int inside = isolation_kill(a->slot);
	int left = leftovers_sweep(child_gen(a->child), child_pid(a->child), &reaped);

	if (left < inside)
		left = inside;

	a->evidence.leftover_processes += reaped;
	if (left > 0 && clock_mono_ms() < a->sweep_until_ms) {
		arm(a, SWEEP_MS);
		return;
	}
	a->evidence.leftover_processes += left;
	a->evidence.wait_code = child_wait_code(a->child);
	a->evidence.wait_status = child_wait_status(a->child);
	child_usage(a->child, &a->evidence.usage);
	attempt_isolation_usage(a);
	a->evidence.limits = a->limits;
	a->evidence.intent_text = a->intent_text;
	a->evidence.text = buf_str(&a->text);
	judge(&a->evidence, &a->finding);
	conclude(a);
}

static void
log_end(const struct attempt *a)
{
	bool quiet = a->finding.verdict == REAPQ_V_OK;

	log_event(quiet ? LOG_DEBUG : LOG_INFO, "task_ended",
	    "task=%s attempt=%d handler=%s verdict=%s certainty=%s message=%s", a->id,
	    a->number, log_quote(a->task.handler != NULL ? a->task.handler : ""),
	    reapq_verdict_name(a->finding.verdict),
	    reapq_certainty_name(a->finding.certainty), log_quote(a->finding.message));
}

static void
on_reported(int code, const struct reapq_error *err, void *arg)
{
	struct attempt *a = arg;

	if (code < 0)
		log_event(LOG_ERROR, "report_refused", "task=%s why=%s", a->id,
		    log_quote(err->msg));
	else if (code == 0 || code == 3)
		log_event(LOG_WARN, "report_fenced", "task=%s attempt=%d answer=%d",
		    a->id, a->number, code);
	else
		log_event(LOG_DEBUG, "task_reported", "task=%s answer=%d", a->id, code);
	a->env->on_closed(a, a->env->arg);
}

static void
conclude(struct attempt *a)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	bool held = attempt_holds_slot(a);

	if (held) {
		if (a->ended_wall_ms == 0)
			a->ended_wall_ms = clock_wall_ms();
		log_end(a);
	}
	a->state = ATTEMPT_REPORTING;
	if (attempt_report_send(a, on_reported, &err) != 0) {
		log_event(LOG_ERROR, "report_delayed", "task=%s why=%s", a->id,
		    log_quote(err.msg));
		arm(a, RETRY_REPORT_MS);
	} else {
		if (a->child != NULL)
			child_reap(a->child);
		child_free(a->child);
		a->child = NULL;
		isolation_leave(a->env->isolation, a->slot);
		a->slot = NULL;
	}
	if (held)
		a->env->on_slot_free(a->env->arg);
}
