/* item.h - one task of a map: its lines of input, its command, its future. */
#ifndef CLI_ITEM_H
#define CLI_ITEM_H

#include <reapq/producer.h>
#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include <stdint.h>

struct item {
	struct item *prev, *next;
	char id[REAPQ_ID_LEN + 1];
	struct buf text; /* its lines, joined by newlines: the payload of a handler */
	size_t lines;
	int64_t number;              /* its place in the input */
	const char **argv;           /* of a command, until Redis has it; one block */
	struct reapq_future *future; /* NULL until Redis has it */
	bool ended;
};

/* NULL: no memory. */
struct item *item_new(void);
int item_add_line(struct item *item, const char *line, size_t len);
void item_free(struct item *item);

/* The start of its input as one line for people. Into buf, returned. */
#define ITEM_INPUT_MAX 104
const char *item_input(const struct item *item, char buf[ITEM_INPUT_MAX]);

/* Items in the order of the input. */
struct item_list {
	struct item *first, *last;
	size_t n;
};

/* In its place, which is mostly the last. */
void item_insert(struct item_list *list, struct item *item);
void item_remove(struct item_list *list, struct item *item);

#endif
