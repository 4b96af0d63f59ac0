/*
 * check.h - for what cannot be false unless this program has a bug.
 *
 * CHECK is always compiled in. It prints one line on standard error and aborts.
 * It is never used on anything that came from Redis, a child or a user.
 */
#ifndef CORE_CHECK_H
#define CORE_CHECK_H

_Noreturn void check_failed(const char *file, int line, const char *what);

#define CHECK(cond) ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, #cond))

#endif
