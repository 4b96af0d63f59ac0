/* say.h - lines for people on standard error. */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include <reapq/error.h>

/* "reapq: " and the text on one line; control bytes in it are shown escaped. */
void say_line(const char *fmt, ...) REAPQ_PRINTF(1, 2);

/* The same, with err's message and, where it is known, what to do about it. */
void say_error(const struct reapq_error *err);

/* Flushes standard output: 0, or EXITS_REAPQ, said (quietly when nobody reads). */
int say_flush(void);

#endif
