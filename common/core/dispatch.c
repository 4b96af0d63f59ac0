/*
 * dispatch.c - lays out struct frame_task, its strings and the payload in one run.
 *
 * Owns nothing. frame.h says what the child expects.
 */
#include "dispatch.h"

#include "error.h"
#include "frame.h"
#include <stdlib.h>
#include <string.h>

static size_t
strings_len(const char *const *list, uint32_t *ret_n)
{
	size_t len = 0;

	*ret_n = 0;
	for (; list != NULL && list[*ret_n] != NULL; (*ret_n)++)
		len += strlen(list[*ret_n]) + 1;
	return len;
}

static char *
put(char *at, const char *text)
{
	size_t len = strlen(text) + 1;

	memcpy(at, text, len);
	return at + len;
}

static char *
put_all(char *at, const char *const *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		at = put(at, list[i]);
	return at;
}

void *
dispatch_encode(const struct wire_task *task, const char *queue, int attempt,
    const struct reapq_limits *limits, size_t *ret_len, struct reapq_error *err)
{
	const char *cwd = task->cwd != NULL ? task->cwd : "";
	struct frame_task head;
	size_t strings, total;
	char *bytes, *at;

	memset(&head, 0, sizeof(head));
	strings =
	    strlen(task->id) + strlen(queue) + strlen(task->handler) + strlen(cwd) + 4;
	strings += strings_len(task->argv, &head.argc);
	strings += strings_len(task->env, &head.envc);
	if (strings > UINT32_MAX) {
		(void)error_set(err, REAPQ_ETOOBIG, "arguments of %zu bytes", strings);
		return NULL;
	}
	head.magic = FRAME_MAGIC;
	head.strings_len = (uint32_t)strings;
	head.payload_len = task->payload_len;
	head.attempt = attempt;
	head.time_left_ms = limits->time_ms;
	head.limits = *limits;
	total = sizeof(head) + strings + task->payload_len;
	bytes = malloc(total);
	if (bytes == NULL) {
		(void)error_set(
		    err, REAPQ_ENOMEM, "no memory for a task of %zu bytes", total);
		return NULL;
	}
	memcpy(bytes, &head, sizeof(head));
	at = put(bytes + sizeof(head), task->id);
	at = put(at, queue);
	at = put(at, task->handler);
	at = put(at, cwd);
	at = put_all(at, task->argv, head.argc);
	at = put_all(at, task->env, head.envc);
	if (task->payload_len > 0)
		memcpy(at, task->payload, task->payload_len);
	*ret_len = total;
	return bytes;
}
