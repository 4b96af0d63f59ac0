/*
 * crash.h - a child's own account of its death, left in the page it shares.
 *
 * crash_init once in the runner, before any fork: what it makes (alternate stack, list
 * of modules) the children inherit. crash_attach in the child, before user code.
 */
#ifndef RUNNER_CRASH_H
#define RUNNER_CRASH_H

#include <reapq/error.h>
#include <stdarg.h>

/* Best effort: without memory there will be records without a backtrace, or none. */
void crash_init(void);

/* Maps the page and catches what kills. Without a page (no memory) nothing is caught.
 * An exec puts everything back by itself. */
void crash_attach(int page_fd);

/* The last thing it was doing. No system call; the last whole one survives SIGKILL. */
void crash_note(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

#endif
