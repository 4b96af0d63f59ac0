/* names_list.h - names read from Redis: of all queues, or of a queue's workers. */
#ifndef PRODUCER_NAMES_LIST_H
#define PRODUCER_NAMES_LIST_H

#include <reapq/producer.h>
#include <stddef.h>

struct names_list {
	char **names; /* each owned, or NULL when it was given away */
	size_t n;
};

/* Members of reapq:queues that are valid names, sorted. */
int names_list_queues(
    struct names_list *list, struct reapq_client *client, struct reapq_error *err);
/* Appends one (copied). */
int names_list_add(
    struct names_list *list, const char *name, size_t len, struct reapq_error *err);
void names_list_free(struct names_list *list);
/* Frees one name that was given away as const. */
void names_list_drop(const char *name);

#endif
