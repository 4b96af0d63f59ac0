/*
 * crash.h - a child's own account of its death, left in the page it shares.
 *
 * crash_init once in the runner, before any fork: what it makes (alternate stack, list
 * of modules, handlers) the children inherit, so that none of it costs them a system
 * call. crash_attach in the child, before user code; an exec undoes it all by itself.
 */
#ifndef RUNNER_CRASH_H
#define RUNNER_CRASH_H

#include <reapq/error.h>
#include <stdarg.h>

/*
 * Puts every signal at its default, whatever the modules did to it, but for those that
 * are recorded, and SIGINT, SIGTERM and SIGHUP, which are the runner's and the child's
 * to set. Best effort: without memory there is no record of a stack overflow.
 */
void crash_init(void);

/* Maps the page: from now on what kills is recorded there. */
void crash_attach(int page_fd);

/* The last thing it was doing. No system call; the last whole one survives SIGKILL. */
void crash_note(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

#endif
