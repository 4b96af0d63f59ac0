/* words.h - a command line that is put together word by word. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <stddef.h>

/* Zero it before first use. argv ends with NULL once there is a word in it. */
struct words {
	char **argv;
	size_t n;
};

/* Copies word. 0 or ENOMEM. */
int words_add(struct words *w, const char *word);
void words_free(struct words *w);

#endif
