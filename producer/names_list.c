/*
 * names_list.c - names read from Redis.
 *
 * Names become parts of keys, so that what is not a valid one is left out, whoever put
 * it there.
 */
#include "names_list.h"
#include "call.h"
#include "client.h"
#include "error.h"
#include "id.h"
#include "keys.h"
#include "reply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int
names_list_add(
    struct names_list *list, const char *name, size_t len, struct reapq_error *err)
{
	char *copy = strndup(name, len);
	char **names = NULL;
	if (copy)
		names = reallocarray(list->names, list->n + 1, sizeof *names);
	if (!names) {
		free(copy);
		return error_set(err, REAPQ_ENOMEM, "no memory for a list of names");
	}
	list->names = names;
	names[list->n++] = copy;
	return 0;
}

static int
parse_members(const struct redisReply *reply, void *arg, struct reapq_error *err)
{
	size_t n, len;
	const char *name;
	int rc = reply_array(reply, &n, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = reply_str(reply_at(reply, i), &name, &len, err);
		if (rc == 0 && id_valid_bytes(name, len))
			rc = names_list_add(arg, name, len, err);
	}
	return rc;
}

static int
by_name(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;
	return strcmp(*left, *right);
}

int
names_list_queues(
    struct names_list *list, struct reapq_client *client, struct reapq_error *err)
{
	struct call_ask ask = {.parse = parse_members, .arg = list};
	struct call call;
	int rc;
	call_init(&call, client);
	call_ask(
	    &call, &ask, NULL, NULL, 2, (const char *const[]){"SMEMBERS", KEYS_QUEUES});
	rc = call_wait(&call, err);
	if (rc == 0 && list->n > 1)
		qsort(list->names, list->n, sizeof *list->names, by_name);
	return rc;
}

void
names_list_free(struct names_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct names_list){0};
}

void
names_list_drop(const char *name)
{
	/* By way of an integer: free() takes no const, and a cast would hide it. */
	free((void *)(uintptr_t)name);
}
