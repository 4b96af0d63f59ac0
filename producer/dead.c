/*
 * dead.c - the dead list as people read it: page by page, and single entries.
 *
 * Pages are counted from the oldest entry, so that what dies or is taken off meanwhile
 * shows as an entry seen twice at worst: those are left out here, by the place of the
 * last one that was given. What stands in a record may be anything, and is bounded by
 * the scripts before it is sent.
 */
#include "dead.h"
#include "call.h"
#include "client.h"
#include "error.h"
#include "id.h"
#include "keys.h"
#include "queue.h"
#include "reply.h"
#include "signature.h"
#include "wire.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 200       /* dead_list.lua */
#define ENTRY_FIELDS 8 /* that it gives of each */

_Static_assert(
    REAPQ_DEAD_FRAMES == SIGNATURE_FRAMES, "as many frames as a signature has");
_Static_assert(sizeof((struct reapq_dead_info *)0)->frames ==
		   sizeof((struct signature *)0)->frames,
    "frames are copied whole");

struct reapq_dead {
	struct reapq_dead_info info;
	struct reapq_report report;
	struct wire_box box;
	bool has_report;
	char bytes[256];
	size_t bytes_len;
};

int
dead_check_id(const char *id, struct reapq_error *err)
{
	if (id && id_valid(id))
		return 0;
	return error_set(err, REAPQ_EINVAL,
	    "\"%.80s\" is no task id: 1 to %d letters, digits, '_', '.' or '-'",
	    id ? id : "", REAPQ_ID_MAX);
}

int
dead_queue(struct queue **ret_queue, struct reapq_client *client, const char *name,
    struct reapq_error *err)
{
	int rc = client_check(client, err);
	return rc ? rc : queue_get(ret_queue, client, name, err);
}

static void
copy_bytes(char *dst, size_t cap, const char *src, size_t len)
{
	if (len >= cap)
		len = cap - 1;
	memcpy(dst, src, len);
	dst[len] = '\0';
	/* A NUL inside would hide what follows. */
	for (char *nul; (nul = memchr(dst, '\0', len));)
		*nul = '?';
}

static int
clamp_int(int64_t n)
{
	return n < 0 ? 0 : n > INT_MAX ? INT_MAX : (int)n;
}

/* From died at on, as both scripts answer: died at, signature, why, unreadable, message
 * length, length not kept, attempts. */
static int
parse_info(const struct redisReply *reply, size_t from, struct reapq_dead_info *info,
    struct reapq_error *err)
{
	const char *sg, *why;
	size_t sg_len, why_len;
	int64_t unreadable, attempts;
	struct signature s;
	int rc;
	if ((rc = reply_int(reply_at(reply, from), &info->died_ms, err)) ||
	    (rc = reply_str(reply_at(reply, from + 1), &sg, &sg_len, err)) ||
	    (rc = reply_str(reply_at(reply, from + 2), &why, &why_len, err)) ||
	    (rc = reply_int(reply_at(reply, from + 3), &unreadable, err)) ||
	    (rc = reply_int(reply_at(reply, from + 4), &info->message_len, err)) ||
	    (rc = reply_int(reply_at(reply, from + 5), &info->dropped_len, err)) ||
	    (rc = reply_int(reply_at(reply, from + 6), &attempts, err)))
		return rc;
	signature_parse(sg, sg_len, &s);
	memcpy(info->handler, s.handler, sizeof info->handler);
	memcpy(info->verdict, s.verdict, sizeof info->verdict);
	memcpy(info->signal, s.signal, sizeof info->signal);
	memcpy(info->frames, s.frames, sizeof info->frames);
	info->frames_n = s.frames_n;
	/* Buried before there were signatures, or by a stranger. */
	if (!*info->verdict)
		memcpy(info->verdict, "not_started", sizeof "not_started");
	copy_bytes(info->message, sizeof info->message, why, why_len);
	info->unreadable = unreadable != 0;
	info->attempts = clamp_int(attempts);
	return 0;
}

/* ---- pages ---------------------------------------------------------------------- */

struct page {
	struct reapq_dead_cursor *cursor;
	struct reapq_dead_info *list;
	size_t n;
};

/* In the list's order, which is by time and then by id. */
static bool
is_older(const struct reapq_dead_info *info, const struct reapq_dead_cursor *cursor)
{
	if (info->died_ms != cursor->last_ms)
		return info->died_ms < cursor->last_ms;
	return strcmp(info->id, cursor->last_id) < 0;
}

static int
parse_page(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct page *page = arg;
	struct reapq_dead_cursor cursor = *page->cursor;
	int64_t left;
	size_t n;
	int rc;
	if ((rc = reply_array(reply, &n, err)) ||
	    (rc = reply_int(reply_at(reply, 0), &cursor.now_ms, err)) ||
	    (rc = reply_int(reply_at(reply, 1), &left, err)))
		return rc;
	/* It must become less, or a page would be read for ever. */
	if (left < 0 || (cursor.begun && left >= cursor.left))
		left = 0;
	cursor.left = left;
	for (size_t i = 2; i + ENTRY_FIELDS <= n && page->n < PAGE; i += ENTRY_FIELDS) {
		struct reapq_dead_info *info = &page->list[page->n];
		const char *id;
		size_t len;
		*info = (struct reapq_dead_info){0};
		if ((rc = reply_str(reply_at(reply, i), &id, &len, err)) ||
		    (rc = parse_info(reply, i + 1, info, err)))
			return rc;
		if (!id_valid_bytes(id, len))
			continue;
		copy_bytes(info->id, sizeof info->id, id, len);
		if (cursor.begun && *cursor.last_id && !is_older(info, &cursor))
			continue;
		cursor.begun = 1;
		cursor.last_ms = info->died_ms;
		memcpy(cursor.last_id, info->id, sizeof cursor.last_id);
		page->n++;
	}
	cursor.begun = 1;
	*page->cursor = cursor;
	return 0;
}

int
reapq_dead_list(struct reapq_client *client, const char *queue_name,
    struct reapq_dead_cursor *cursor, struct reapq_dead_info **ret_list, size_t *ret_n,
    struct reapq_error *err)
{
	struct page page = {.cursor = cursor};
	struct call_ask ask = {.parse = parse_page, .arg = &page};
	struct queue *queue;
	struct call call;
	char left[24] = "";
	int rc = dead_queue(&queue, client, queue_name, err);
	if (rc)
		return rc;
	page.list = calloc(PAGE, sizeof *page.list);
	if (!page.list)
		return error_set(
		    err, REAPQ_ENOMEM, "no memory for a page of the dead list");
	if (cursor->begun)
		(void)snprintf(left, sizeof left, "%" PRId64, cursor->left);
	call_init(&call, client);
	call_ask(&call, &ask, &script_dead_list, queue->base, 2,
	    (const char *const[]){left, "200"});
	rc = call_wait(&call, err);
	if (rc) {
		free(page.list);
		return rc;
	}
	*ret_list = page.list;
	*ret_n = page.n;
	return 0;
}

void
reapq_dead_list_free(struct reapq_dead_info *list, size_t n)
{
	(void)n;
	free(list);
}

/* ---- one entry -------------------------------------------------------------------- */

static int
parse_look(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	struct reapq_dead **slot = arg, *dead;
	const char *report, *bytes;
	size_t n, report_len, bytes_len;
	int rc = reply_array(reply, &n, err);
	if (rc || n == 0)
		return rc;
	dead = calloc(1, sizeof *dead);
	if (!dead)
		return error_set(err, REAPQ_ENOMEM, "no memory for a dead task");
	if ((rc = parse_info(reply, 0, &dead->info, err)) ||
	    (rc = reply_str(reply_at(reply, 7), &report, &report_len, err)) ||
	    (rc = reply_str(reply_at(reply, 8), &bytes, &bytes_len, err))) {
		free(dead);
		return rc;
	}
	/* One that can't be read leaves the entry without: its why is there. */
	if (report_len > 0)
		dead->has_report = wire_report_decode(report, report_len, &dead->box,
				       &dead->report, NULL) == 0;
	dead->bytes_len =
	    bytes_len < sizeof dead->bytes ? bytes_len : sizeof dead->bytes;
	memcpy(dead->bytes, bytes, dead->bytes_len);
	*slot = dead;
	return 0;
}

int
reapq_dead_look(struct reapq_client *client, const char *queue_name, const char *id,
    struct reapq_dead **ret_dead, struct reapq_error *err)
{
	struct reapq_dead *dead = NULL;
	struct call_ask ask = {.parse = parse_look, .arg = &dead};
	struct queue *queue;
	struct call call;
	int rc;
	if ((rc = dead_check_id(id, err)) ||
	    (rc = dead_queue(&queue, client, queue_name, err)))
		return rc;
	call_init(&call, client);
	call_ask(&call, &ask, &script_dead_look, queue->base, 1, &id);
	rc = call_wait(&call, err);
	if (rc) {
		reapq_dead_free(dead);
		return rc;
	}
	if (!dead)
		return error_set(err, REAPQ_ENOENT,
		    "there is no task %s on the dead list of queue %s", id,
		    queue->name);
	memcpy(dead->info.id, id, strlen(id) + 1);
	*ret_dead = dead;
	return 0;
}

const struct reapq_dead_info *
reapq_dead_info(const struct reapq_dead *dead)
{
	return &dead->info;
}

const struct reapq_report *
reapq_dead_report(const struct reapq_dead *dead)
{
	return dead->has_report ? &dead->report : NULL;
}

const void *
reapq_dead_bytes(const struct reapq_dead *dead, size_t *ret_len)
{
	*ret_len = dead->bytes_len;
	return dead->bytes;
}

void
reapq_dead_free(struct reapq_dead *dead)
{
	if (!dead)
		return;
	wire_box_free(&dead->box);
	free(dead);
}
