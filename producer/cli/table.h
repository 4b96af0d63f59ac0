/* table.h - aligned columns of text. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLS_MAX 12

struct table {
	const char *align; /* one of 'l' and 'r' a column */
	size_t cols;
	size_t n; /* cells, the header's among them */
	size_t cap;
	char **cells;
	int failed; /* no memory somewhere: table_print says so */
};

/* align and the header's texts are copied or outlive the table. */
void table_init(struct table *t, const char *align, const char *const *header);

/* One row of t->cols cells, in order; each is shown cleaned, "" as "-". */
void table_add(struct table *t, const char *const *row);

/* 0 or ENOMEM: then nothing was printed. */
int table_print(const struct table *t, FILE *out);
void table_free(struct table *t);

#endif
