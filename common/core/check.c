/*
 * check.c - ends the program where it has a bug.
 *
 * Formats on the stack and writes once, so that it works when the heap is what is
 * broken, and between fork and exec. Never returns, never allocates.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
check_failed(const char *file, int line, const char *what)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s:%d: a bug in reapq: not true: %s\n",
	    file, line, what);

	if (n >= (int)sizeof(text)) {
		n = (int)sizeof(text);
		text[sizeof(text) - 1] = '\n';
	}
	if (n > 0 && write(STDERR_FILENO, text, (size_t)n) < 0)
		abort();
	abort();
}
