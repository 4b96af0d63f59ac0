/*
 * attempt.c - owns an attempt's child, timer and what came from it.
 *
 * Invariants: an intent is noted before its signal goes out, and only while the child
 * lives, so a death by its own cause is never put down to us; the first intent stays.
 * The slot is held until the child and what it left behind are gone, the lease until
 * Redis has the report. Bytes from the child are bounded by the limits in force.
 */
#include "attempt.h"

#include "attempt_channel.h"
#include "attempt_crash.h"
#include "attempt_isolation.h"
#include "attempt_move.h"
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
#include "sandbox.h"
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SWEEP_MS 5        /* between looks */
#define SWEEP_MAX_MS 2000 /* then what is left is counted and left */
#define RETRY_REPORT_MS 500
#define WAIT_MS 10000 /* for a child; then the task is refused */

static void conclude(struct attempt *a);

static void
arm(struct attempt *a, int64_t ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	/* Counted from when this turn of the loop began, it would end too early. */
	(void)event_base_update_cache_time(a->env->base);
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
	if (attempt_wants_child(a))
		arm(a, WAIT_MS);
	*ret_a = a;
	return 0;
}

void
attempt_free(struct attempt *a)
{
	if (a == NULL)
		return;
	symbolize_cancel(a->naming);
	attempt_move_forget(a);
	attempt_watch_free(a->watch);
	child_free(a->child);
	event_free(a->ev_timer);
	free(a->crash);
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

/* ---- start and stop ------------------------------------------------------------- */

static void on_held_child(void *arg);
static void on_exit_of_child(void *arg);

void
attempt_start(struct attempt *a, struct child *c)
{
	struct child_watcher watcher = {.on_frame = attempt_channel_frame,
	    .on_garbled = attempt_channel_garbled,
	    .on_held = on_held_child,
	    .on_exit = on_exit_of_child,
	    .arg = a};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_limits own = attempt_isolation_rest(a);
	size_t len;
	void *bytes = dispatch_encode(&a->task, a->queue, a->number, &own, &len, &err);

	CHECK(attempt_wants_child(a));
	(void)event_del(a->ev_timer);
	if (bytes == NULL || attempt_isolation_enter(a, c, &err) != 0) {
		free(bytes);
		child_free(c);
		a->slot = NULL;
		unfit(a, err.msg);
		conclude(a);
		return;
	}
	/* It may run, and die, before the next line of ours does. */
	a->started_ms = clock_mono_ms();
	a->started_wall_ms = clock_wall_ms();
	if (child_dispatch(c, bytes, len, (size_t)a->limits.output, &watcher, &err) !=
	    0) {
		a->started_ms = a->started_wall_ms = 0;
		child_free(c);
		a->slot = NULL;
		unfit(a, err.msg);
		conclude(a);
		return;
	}
	a->child = c;
	a->uid = child_uid(c);
	(void)sandbox_words_of(
	    a->env->sandbox, a->uid, a->hardening, sizeof(a->hardening));
	a->state = ATTEMPT_RUNNING;
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
		if (!a->signalled && !a->evidence.asked_where)
			a->evidence.intent = JUDGE_NO_INTENT;
		return;
	}
	a->signalled = true;
	if (now) {
		a->evidence.killed = true;
		(void)event_del(a->ev_timer);
	} else {
		a->evidence.asked = true;
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
	/* A task that goes back anyway may still be cancelled for good. */
	if (e->intent == JUDGE_SHUTDOWN &&
	    (intent == JUDGE_CANCEL || intent == JUDGE_DEADLINE)) {
		e->intent = intent;
		snprintf(a->intent_text, sizeof(a->intent_text), "%s", text);
	}
	if (e->intent != JUDGE_NO_INTENT && !(now && !e->killed))
		return;
	if (e->intent == JUDGE_NO_INTENT) {
		e->intent = intent;
		snprintf(a->intent_text, sizeof(a->intent_text), "%s", text);
		e->intent_ms = a->started_ms > 0 ? clock_mono_ms() - a->started_ms : 0;
	}
	if (a->state == ATTEMPT_RUNNING && !now && attempt_crash_ask(a))
		arm(a, ATTEMPT_CRASH_LOOK_MS);
	else if (a->state == ATTEMPT_RUNNING)
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
		else if (a->ask_until_ms == 0)
			stop_running(a, true);
		else if (attempt_crash_waiting(a))
			arm(a, ATTEMPT_CRASH_LOOK_MS);
		else
			stop_running(a, false);
		break;
	case ATTEMPT_SWEEPING:
		sweep(a);
		break;
	case ATTEMPT_REPORTING:
		conclude(a);
		break;
	case ATTEMPT_WAITING:
		unfit(
		    a, "no child could be forked for it in 10 s: see the worker's log");
		conclude(a);
		break;
	case ATTEMPT_NAMING:
		break;
	}
}

/* ---- the end ------------------------------------------------------------------------ */

/* Dead, but traced by somebody, who gets its status first: a runaway of its own, then. */
static void
on_held_child(void *arg)
{
	struct attempt *a = arg;

	(void)leftovers_sweep(
	    &a->leftovers, child_gen(a->child), child_pid(a->child), false);
}

static void
let_go(struct attempt *a)
{
	if (a->child != NULL)
		child_reap(a->child);
	child_free(a->child);
	a->child = NULL;
	a->slot = NULL;
}

/* It died before it had its task: another child takes it. */
static void
start_over(struct attempt *a)
{
	attempt_watch_free(a->watch);
	a->watch = NULL;
	let_go(a);
	a->state = ATTEMPT_WAITING;
	a->started_ms = a->started_wall_ms = 0;
	a->evidence.intent = JUDGE_NO_INTENT;
	arm(a, WAIT_MS);
	a->env->on_wants_child(a->env->arg);
}

/* Nor could it be told what would kill one outside of its cgroup. */
static void
give_up(struct attempt *a)
{
	(void)event_del(a->ev_timer);
	attempt_watch_free(a->watch);
	a->watch = NULL;
	let_go(a);
	a->started_ms = a->started_wall_ms = 0;
	unfit(a, "its child could not enter its cgroup: was that removed?");
	conclude(a);
}

static void
on_exit_of_child(void *arg)
{
	struct attempt *a = arg;

	if (a->evidence.intent == JUDGE_NO_INTENT && child_was_homeless(a->child)) {
		give_up(a);
		return;
	}
	if (a->evidence.intent == JUDGE_NO_INTENT && child_missed_task(a->child)) {
		start_over(a);
		return;
	}
	a->ended_wall_ms = clock_wall_ms();
	a->evidence.usage.wall_ms = clock_mono_ms() - a->started_ms;
	(void)event_del(a->ev_timer);
	attempt_watch_free(a->watch);
	a->watch = NULL;
	attempt_isolation_read(a);
	a->state = ATTEMPT_SWEEPING;
	a->sweep_until_ms = clock_mono_ms() + SWEEP_MAX_MS;
	sweep(a);
}

static void
pronounce(struct attempt *a)
{
	judge(&a->evidence, &a->finding);
	conclude(a);
}

static void
on_named(void *arg)
{
	struct attempt *a = arg;

	a->naming = NULL;
	pronounce(a);
}

/* All of its cgroup goes at once, the deep ones too, which no sweep would find alive. Those
 * of its group may be dying of a SIGKILL of ours already. */
static void
count_inside(struct attempt *a)
{
	pid_t pids[LEFTOVERS_SEEN_MAX];
	pid_t leader = child_pid(a->child);
	int n = isolation_processes(a->slot, pids, LEFTOVERS_SEEN_MAX);

	for (int i = 0; i < n; i++)
		if (pids[i] != leader &&
		    !(a->evidence.killed && getpgid(pids[i]) == leader))
			leftovers_count(&a->leftovers, pids[i]);
}

static void
sweep(struct attempt *a)
{
	int left = leftovers_sweep(&a->leftovers, child_gen(a->child),
	    child_pid(a->child), !a->evidence.killed);
	int inside;

	count_inside(a);
	/* The group still exists: its leader is our zombie. */
	(void)kill(-child_pid(a->child), SIGKILL);
	inside = isolation_kill(a->slot);
	if (a->slot == NULL)
		sandbox_kill_user(a->uid);
	if (left < inside)
		left = inside;
	if (left > 0 && clock_mono_ms() < a->sweep_until_ms) {
		arm(a, SWEEP_MS);
		return;
	}
	a->evidence.leftover_processes = a->leftovers.count;
	a->evidence.cgroup.others_killed = a->leftovers.killed;
	a->evidence.wait_code = child_wait_code(a->child);
	a->evidence.wait_status = child_wait_status(a->child);
	child_usage(a->child, &a->evidence.usage);
	a->evidence.max_rss = a->evidence.usage.peak_memory;
	attempt_isolation_usage(a);
	a->evidence.limits = a->limits;
	a->evidence.intent_text = a->intent_text;
	a->evidence.text = buf_str(&a->text);
	if (attempt_crash_read(a, on_named))
		a->state = ATTEMPT_NAMING;
	else
		pronounce(a);
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
		attempt_report_log(a);
	}
	a->state = ATTEMPT_REPORTING;
	if (attempt_move_begin(a, conclude)) {
		if (held)
			a->env->on_slot_free(a->env->arg);
		return;
	}
	if (attempt_report_send(a, on_reported, &err) != 0) {
		log_event(LOG_ERROR, "report_delayed", "task=%s why=%s", a->id,
		    log_quote(err.msg));
		attempt_report_shrink(a);
		arm(a, RETRY_REPORT_MS);
	} else {
		let_go(a);
	}
	if (held)
		a->env->on_slot_free(a->env->arg);
}
