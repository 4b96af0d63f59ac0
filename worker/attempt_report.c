/*
 * attempt_report.c - fills in every field of a report, and picks finish.lua's mode.
 *
 * A report of mode T is of final quality too: the script may find that there are no
 * tries left and keep it.
 */
#include "attempt_report.h"

#include "clock.h"
#include "crash_words.h"
#include "error.h"
#include "escalate.h"
#include "keys.h"
#include "log.h"
#include "names.h"
#include "retry.h"
#include "rnd.h"
#include "signature.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static void
fill_end(const struct attempt *a, struct reapq_report *r)
{
	const struct judge_evidence *e = &a->evidence;

	r->exit_status = -1;
	r->signal.sender_pid = -1;
	/* What the child ended with then is between it and us. */
	if (a->started_ms == 0 || e->refused)
		return;
	if (e->wait_code == CLD_EXITED) {
		r->exit_status = e->wait_status;
	} else {
		r->signal.number = e->wait_status;
		r->signal.name = names_signal(e->wait_status);
		r->core_dumped = e->wait_code == CLD_DUMPED;
	}
}

/* What the process reported of its own death. frames: CRASH_PAGE_FRAMES. */
static void
fill_crash(const struct attempt *a, struct reapq_report *r, struct reapq_frame *frames)
{
	const struct crash_record *c = a->crash;

	if (c == NULL || !c->seen)
		return;
	if (!c->asked) {
		r->signal.code = c->code;
		r->signal.code_name = crash_words_code(c->signal, c->code);
		if (r->signal.code_name == NULL)
			r->signal.code_name = "unknown";
		r->signal.has_fault_address = crash_words_has_address(c);
		r->signal.fault_address = r->signal.has_fault_address ? c->address : 0;
		r->signal.sender_pid = c->sender_pid;
	}
	for (size_t i = 0; i < c->frames_n; i++) {
		const struct crash_frame *f = &c->frames[i];
		const struct crash_module *m =
		    f->module >= 0 ? &c->modules[f->module] : NULL;

		frames[i] = (struct reapq_frame){.module = m != NULL ? m->path : "",
		    .offset = f->offset,
		    .function = f->function[0] != '\0' ? f->function : NULL,
		    .file = f->file[0] != '\0' ? f->file : NULL,
		    .line = f->line,
		    .build_id =
			m != NULL && m->build_id[0] != '\0' ? m->build_id : NULL};
	}
	r->backtrace = frames;
	r->backtrace_count = c->frames_n;
}

static void
fill_streams(struct attempt *a, struct reapq_report *r)
{
	if (a->finding.verdict == REAPQ_V_OK && !a->evidence.is_exec) {
		r->result = a->result.data != NULL ? a->result.data : "";
		r->result_len = a->result.len;
	}
	if (a->child == NULL)
		return;
	r->out = capture_get(child_stdout(a->child), &r->out_len);
	r->out_truncated = child_stdout(a->child)->truncated;
	r->err = capture_get(child_stderr(a->child), &r->err_len);
	r->err_truncated = child_stderr(a->child)->truncated;
}

static void
fill(struct attempt *a, struct reapq_report *r)
{
	const struct judge_finding *f = &a->finding;

	memset(r, 0, sizeof(*r));
	r->size = sizeof(*r);
	r->id = a->id;
	r->queue = a->queue;
	r->handler = a->task.handler != NULL ? a->task.handler : "";
	r->tag = a->task.tag;
	r->verdict = f->verdict;
	r->outcome = names_outcome_of(f->verdict);
	r->certainty = f->certainty;
	r->outcome_name = reapq_outcome_name(r->outcome);
	r->verdict_name = reapq_verdict_name(r->verdict);
	r->certainty_name = reapq_certainty_name(r->certainty);
	r->message = f->message;
	r->evidence = f->evidence;
	r->evidence_count = f->evidence_count;
	r->limits = a->limits;
	r->usage = a->evidence.usage;
	r->attempt = a->number;
	r->max_attempts = a->task.max_attempts > 0 ? a->task.max_attempts : 1;
	r->worker = a->env->worker_id;
	r->host = a->env->host;
	r->pid = a->child != NULL ? child_pid(a->child) : 0;
	r->isolation = isolation_name(a->env->isolation);
	r->hardening = a->hardening;
	r->leftover_processes = a->evidence.leftover_processes;
	r->submitted_ms = a->task.submitted_ms;
	r->started_ms = a->started_wall_ms;
	r->ended_ms = a->ended_wall_ms;
	r->moved_to = a->moved_to;
	fill_end(a, r);
	fill_streams(a, r);
}

/* The task as it shall run next, with more memory; false: it shall not, or cannot. */
static bool
raise_memory(const struct attempt *a, struct buf *message)
{
	struct wire_task next = a->task;
	struct reapq_error err = REAPQ_ERROR_INIT;

	if (a->buried || !escalate(&a->task, a->finding.verdict, a->limits.memory,
			     a->env->config->ceilings.memory, &next.limits.memory))
		return false;
	next.oom_raised++;
	if (wire_task_encode(&next, message, &err) != 0) {
		log_event(LOG_ERROR, "memory_not_raised", "task=%s why=%s", a->id,
		    log_quote(err.msg));
		return false;
	}
	log_event(LOG_INFO, "memory_raised", "task=%s attempt=%d from=%lld to=%lld",
	    a->id, a->number, (long long)a->limits.memory,
	    (long long)next.limits.memory);
	return true;
}

static const char *
mode_of(const struct attempt *a, struct buf *message, int64_t *ret_delay_ms)
{
	uint32_t set = 0;

	*ret_delay_ms = 0;
	if (a->buried)
		return "B";
	/* Given back, or, when the lease is gone, told to whom it may concern. */
	if (a->finding.verdict == REAPQ_V_WORKER_LOST)
		return a->started_ms == 0 ? "L" : "S";
	if (a->moved_to != NULL)
		return "F";
	if (raise_memory(a, message)) {
		*ret_delay_ms = retry_delay_ms(
		    a->task.retry_delay_ms, a->task.oom_raised + 1, rnd_u32());
		return "M";
	}
	if (retry_parse(a->task.retry_on, &set, NULL) != 0 ||
	    !retry_wanted(set, a->finding.verdict, a->failed + 1, a->task.max_attempts))
		return "F";
	*ret_delay_ms =
	    retry_delay_ms(a->task.retry_delay_ms, a->failed + 1, rnd_u32());
	return "T";
}

int
attempt_report_send(struct attempt *a, outbox_fn *fn, struct reapq_error *err)
{
	char base[KEYS_MAX];
	struct reapq_report report;
	struct reapq_frame frames[CRASH_PAGE_FRAMES];
	char signature[SIGNATURE_MAX] = "";
	struct buf bytes = {0}, brief = {0}, message = {0};
	struct outbox_item item = {.base = keys_base(base, a->queue),
	    .id = a->id,
	    .token = a->token,
	    .why = "",
	    .signature = signature};
	int rc;

	fill(a, &report);
	fill_crash(a, &report, frames);
	struct reapq_attempt attempt = {.attempt = a->number,
	    .verdict = report.verdict_name,
	    .certainty = report.certainty_name,
	    .message = report.message,
	    .worker = report.worker,
	    .started_ms = report.started_ms,
	    .ended_ms = report.ended_ms,
	    .memory_limit = a->limits.memory > 0 ? a->limits.memory : 0};
	if ((rc = wire_report_encode(&report, &bytes, err)) != 0 ||
	    (rc = wire_attempt_encode(&attempt, &brief, err)) != 0)
		goto out;
	item.mode = mode_of(a, &message, &item.retry_delay_ms);
	item.message = message.data;
	item.message_len = message.len;
	item.report = bytes.data;
	item.report_len = bytes.len;
	item.short_report = brief.data;
	item.short_len = brief.len;
	/* What has moved is not dead: it may yet return. */
	if (a->moved_to == NULL && signature_wanted(&report)) {
		item.why = report.message;
		signature_make(&report, signature);
	}
	rc = outbox_send(a->env->outbox, &item, fn, a, err);
	if (rc == 0)
		buf_free(&a->result);
out:
	buf_free(&bytes);
	buf_free(&brief);
	buf_free(&message);
	return rc;
}

void
attempt_report_shrink(struct attempt *a)
{
	if (a->result.len > 0 && a->finding.verdict == REAPQ_V_OK) {
		a->evidence.no_memory = true;
		judge(&a->evidence, &a->finding);
	}
	buf_free(&a->result);
	if (a->child == NULL)
		return;
	capture_drop(child_stdout(a->child));
	capture_drop(child_stderr(a->child));
}

void
attempt_report_log(const struct attempt *a)
{
	bool quiet = a->finding.verdict == REAPQ_V_OK;

	if (a->log_lines > ATTEMPT_LOG_LINES)
		log_event(LOG_WARN, "task_said_more", "task=%s dropped=%lld", a->id,
		    (long long)a->log_lines - ATTEMPT_LOG_LINES);
	log_event(quiet ? LOG_DEBUG : LOG_INFO, "task_ended",
	    "task=%s attempt=%d handler=%s verdict=%s certainty=%s message=%s", a->id,
	    a->number, log_quote(a->task.handler != NULL ? a->task.handler : ""),
	    reapq_verdict_name(a->finding.verdict),
	    reapq_certainty_name(a->finding.certainty), log_quote(a->finding.message));
}
