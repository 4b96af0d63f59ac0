/* ref.h - which task: an id and its queue, as people write them: ID or QUEUE/ID. */
#ifndef CLI_REF_H
#define CLI_REF_H

#include <reapq/error.h>
#include <reapq/task.h>
#include <stddef.h>

struct ref {
	char queue[REAPQ_ID_MAX + 1];
	char id[REAPQ_ID_MAX + 1];
};

#define REF_MAX (2 * REAPQ_ID_MAX + 2)

/* A bare id is one of queue (NULL: "default"). EINVAL. */
int ref_parse(
    const char *text, const char *queue, struct ref *ret_ref, struct reapq_error *err);

/* Whether all of n texts are task ids: EINVAL for the first that is not. */
int ref_check(const char *const *texts, size_t n, struct reapq_error *err);

/* Bare for the default queue, else QUEUE/ID. Into buf, returned. */
const char *ref_format(const char *queue, const char *id, char buf[REF_MAX]);

#endif
