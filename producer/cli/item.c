/*
 * item.c - one task of a map, and the list of those that are open.
 *
 * The id is made here and not in the library, so that a batch whose answer was lost
 * can be submitted again without running anything twice.
 */
#include "item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "id.h"
#include "text.h"

struct item *
item_new(void)
{
	struct item *item = calloc(1, sizeof *item);

	if (item)
		id_make(item->id);
	return item;
}

int
item_add_line(struct item *item, const char *line, size_t len)
{
	int rc = item->lines > 0 ? buf_add(&item->text, "\n", 1) : 0;

	if (rc == 0)
		rc = buf_add(&item->text, line, len);
	if (rc == 0)
		item->lines++;
	return rc;
}

void
item_free(struct item *item)
{
	if (!item)
		return;
	reapq_future_free(item->future);
	buf_free(&item->text);
	free(item->argv);
	free(item);
}

const char *
item_input(const struct item *item, char buf[ITEM_INPUT_MAX])
{
	enum {
		SHOWN = 60
	};
	const char *text = item->text.data ? item->text.data : "";
	const char *end = item->text.len ? memchr(text, '\n', item->text.len) : NULL;
	size_t len = end ? (size_t)(end - text) : item->text.len;
	size_t shown = 0;
	char more[32] = "";

	while (shown < len && shown < SHOWN) {
		size_t n = text_utf8_next(text + shown, len - shown);

		shown += n ? n : 1;
	}
	if (item->lines > 1)
		(void)snprintf(more, sizeof more, " (+%zu lines)", item->lines - 1);
	(void)snprintf(buf, ITEM_INPUT_MAX, "%.*s%s%s", (int)shown, text,
	    shown < len ? "..." : "", more);
	return buf;
}

void
item_insert(struct item_list *list, struct item *item)
{
	struct item *after = list->last;

	while (after && after->number > item->number)
		after = after->prev;
	item->prev = after;
	item->next = after ? after->next : list->first;
	if (item->next)
		item->next->prev = item;
	else
		list->last = item;
	if (after)
		after->next = item;
	else
		list->first = item;
	list->n++;
}

void
item_remove(struct item_list *list, struct item *item)
{
	if (item->prev)
		item->prev->next = item->next;
	else
		list->first = item->next;
	if (item->next)
		item->next->prev = item->prev;
	else
		list->last = item->prev;
	list->n--;
}
