/*
 * ref.c - reads and writes a task's name: ID, or QUEUE/ID.
 *
 * A bare id always belongs to the queue that --queue names; what is printed names
 * its queue unless that is the default one, so what one command prints the next
 * one takes. Pure.
 */
#include "ref.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "id.h"

int
ref_parse(
    const char *text, const char *queue, struct ref *ret_ref, struct reapq_error *err)
{
	const char *slash = strchr(text, '/');
	const char *id = slash ? slash + 1 : text;
	struct ref ref;

	if (!queue)
		queue = REAPQ_QUEUE_DEFAULT;
	if (!id_valid(id) || (slash && !id_valid_bytes(text, (size_t)(slash - text))))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.150s\" is no task id: give ID or QUEUE/ID, each up to %d of "
		    "[A-Za-z0-9_.-]",
		    text, REAPQ_ID_MAX);
	(void)snprintf(ref.id, sizeof ref.id, "%s", id);
	if (slash)
		(void)snprintf(
		    ref.queue, sizeof ref.queue, "%.*s", (int)(slash - text), text);
	else
		(void)snprintf(ref.queue, sizeof ref.queue, "%s", queue);
	*ret_ref = ref;
	return 0;
}

int
ref_check(const char *const *texts, size_t n, struct reapq_error *err)
{
	struct ref ref;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = ref_parse(texts[i], NULL, &ref, err);
	return rc;
}

const char *
ref_format(const char *queue, const char *id, char buf[REF_MAX])
{
	if (strcmp(queue, REAPQ_QUEUE_DEFAULT) == 0)
		(void)snprintf(buf, REF_MAX, "%s", id);
	else
		(void)snprintf(buf, REF_MAX, "%s/%s", queue, id);
	return buf;
}
