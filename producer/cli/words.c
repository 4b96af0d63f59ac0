/*
 * words.c - owns the copies that execv(3) wants, which takes no const.
 */
#include "words.h"

#include <reapq/error.h>
#include <stdlib.h>
#include <string.h>

int
words_add(struct words *w, const char *word)
{
	char **grown = reallocarray(w->argv, w->n + 2, sizeof *w->argv);
	char *copy = strdup(word);

	if (grown)
		w->argv = grown;
	if (!grown || !copy) {
		free(copy);
		return REAPQ_ENOMEM;
	}
	w->argv[w->n++] = copy;
	w->argv[w->n] = NULL;
	return 0;
}

void
words_free(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->argv[i]);
	free(w->argv);
	*w = (struct words){0};
}
