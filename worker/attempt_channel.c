/*
 * attempt_channel.c - what a child says, held against its limits.
 *
 * Owns nothing; fills in the attempt's evidence, result and text. A result that was cut
 * short for any reason is dropped for good, whatever the child says or does after.
 */
#include "attempt_channel.h"

#include "log.h"

/* What came is worth nothing, whatever comes after; its memory is free at once. */
static void
drop_result(struct attempt *a, bool *why, enum judge_intent intent)
{
	*why = true;
	buf_free(&a->result);
	attempt_stop(a, intent, "", true);
}

static bool
result_dropped(const struct judge_evidence *e)
{
	return e->too_big || e->garbled || e->no_memory;
}

static void
on_part(struct attempt *a, const void *data, size_t len)
{
	struct judge_evidence *e = &a->evidence;

	e->result_len += (int64_t)len;
	if (e->result_len > a->limits.result)
		drop_result(a, &e->too_big, JUDGE_RESULT_LIMIT);
	else if (buf_add(&a->result, data, len) != 0)
		drop_result(a, &e->no_memory, JUDGE_RESULT_LIMIT);
}

/* A task may say much; the worker's log is everybody's. */
static void
on_log(struct attempt *a, const void *data, size_t len)
{
	if (a->log_lines++ < ATTEMPT_LOG_LINES)
		log_event(LOG_INFO, "task_says", "task=%s text=%s", a->id,
		    log_quote_bytes(data, len));
}

void
attempt_channel_frame(enum frame_type type, const void *data, size_t len, void *arg)
{
	struct attempt *a = arg;
	struct judge_evidence *e = &a->evidence;

	/* Its time was over before this came; the question may even have made it answer. */
	if (e->asked_where && type != FRAME_LOG)
		return;
	switch (type) {
	case FRAME_PART:
		if (!result_dropped(e) && !e->done)
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
		on_log(a, data, len);
		break;
	case FRAME_TOO_BIG:
		e->too_big = true;
		buf_free(&a->result);
		break;
	case FRAME_TYPE_COUNT:
		break;
	}
}

void
attempt_channel_garbled(const struct reapq_error *err, void *arg)
{
	struct attempt *a = arg;

	drop_result(a, &a->evidence.garbled, JUDGE_GARBLED);
	a->text.len = 0;
	(void)buf_addf(&a->text, "%s", err->msg);
}
