/*
 * table.c - rows of text printed in aligned columns.
 *
 * The whole table is held until it is printed, because widths are known last. All
 * cells pass through text_clean(). The last column is never padded, so that lines
 * have no blanks at their end.
 */
#include "table.h"

#include <reapq/error.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

void
table_init(struct table *t, const char *align, const char *const *header)
{
	*t = (struct table){.align = align, .cols = strlen(align)};
	table_add(t, header);
}

static int
grow(struct table *t)
{
	size_t cap = t->cap ? t->cap * 2 : 64;
	char **cells;

	if (t->n + t->cols <= t->cap)
		return 0;
	cells = reallocarray(t->cells, cap, sizeof *cells);
	if (!cells)
		return REAPQ_ENOMEM;
	t->cells = cells;
	t->cap = cap;
	return 0;
}

static char *
cell_new(const char *text)
{
	struct buf clean = {0};

	if (!text || !*text)
		text = "-";
	if (text_clean(&clean, text, strlen(text)) < 0 || !buf_str(&clean)) {
		buf_free(&clean);
		return NULL;
	}
	return buf_take(&clean, NULL);
}

void
table_add(struct table *t, const char *const *row)
{
	if (t->failed || grow(t) < 0) {
		t->failed = 1;
		return;
	}
	for (size_t i = 0; i < t->cols; i++) {
		char *cell = cell_new(row[i]);

		if (!cell)
			t->failed = 1;
		t->cells[t->n++] = cell;
	}
}

static void
print_cell(const char *cell, size_t width, int right, int last, FILE *out)
{
	size_t pad = width - text_width(cell);

	if (right)
		for (; pad > 0; pad--)
			(void)putc(' ', out);
	(void)fputs(cell, out);
	if (last) {
		(void)putc('\n', out);
		return;
	}
	for (pad += 2; pad > 0; pad--)
		(void)putc(' ', out);
}

int
table_print(const struct table *t, FILE *out)
{
	size_t widths[TABLE_COLS_MAX] = {0};

	if (t->failed)
		return REAPQ_ENOMEM;
	for (size_t i = 0; i < t->n; i++) {
		size_t width = text_width(t->cells[i]);

		if (width > widths[i % t->cols])
			widths[i % t->cols] = width;
	}
	for (size_t i = 0; i < t->n; i++) {
		size_t col = i % t->cols;

		print_cell(t->cells[i], widths[col], t->align[col] == 'r',
		    col + 1 == t->cols, out);
	}
	return 0;
}

void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
