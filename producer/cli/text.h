/* text.h - bytes that strangers wrote, made fit for a terminal; times for people. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* The length of the well-formed UTF-8 character at data (RFC 3629); 0: there is none. */
size_t text_utf8_next(const void *data, size_t len);
bool text_utf8_valid(const void *data, size_t len);

/*
 * Appends data as one line: control characters and what is no UTF-8 become \n, \t
 * or \xHH, so that nothing can move the cursor or forge a line. 0 or ENOMEM.
 */
int text_clean(struct buf *out, const void *data, size_t len);

/* How many columns a text takes, one a character. */
size_t text_width(const char *text);

#define TEXT_TIME_MAX 40
/* "2026-11-20 21:40:01.123 +0000" in local time, "-" for 0. Into buf, returned. */
const char *text_time(int64_t unix_ms, char buf[TEXT_TIME_MAX]);

#endif
