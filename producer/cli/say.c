/*
 * say.c - what the command says on standard error, and the check that what it
 * wrote on standard output got there.
 *
 * Data goes to standard output, everything else through here. Messages may hold
 * bytes that a task or a stranger wrote, so all of them are shown escaped. A
 * broken pipe is not worth a line: whoever closed it knows.
 */
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "exits.h"
#include "text.h"

void
say_line(const char *fmt, ...)
{
	char plain[1024];
	struct buf line = {0};
	const char *shown;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(plain, sizeof plain, fmt, ap);
	va_end(ap);
	(void)text_clean(&line, plain, strlen(plain));
	shown = buf_str(&line);
	(void)fprintf(stderr, "reapq: %s\n", shown ? shown : "no memory");
	buf_free(&line);
}

void
say_error(const struct reapq_error *err)
{
	say_line("%s", err->msg[0] ? err->msg : reapq_code_name(err->code));
}

int
say_flush(void)
{
	static bool said;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	/* Whoever writes on notices it again. */
	if (errno != EPIPE && !said)
		say_line("cannot write to standard output: %s", strerror(errno));
	said = true;
	return EXITS_REAPQ;
}
