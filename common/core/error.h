/* error.h - fill in a struct reapq_error. See reapq/error.h for the contract. */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include <reapq/error.h>

/*
 * Sets *err (if not NULL) and returns code, so that a failure is one line:
 *	return error_set(err, REAPQ_EPROTO, "...");
 * A message that is too long ends in "...".
 */
int error_set(struct reapq_error *err, int code, const char *fmt, ...)
    REAPQ_PRINTF(3, 4);

/* The same with code ESYS; appends ": strerror(sys)". */
int error_sys(struct reapq_error *err, int sys, const char *fmt, ...)
    REAPQ_PRINTF(3, 4);

/* Puts "context: " before the message that is there; returns err->code. */
int error_wrap(struct reapq_error *err, int code, const char *fmt, ...)
    REAPQ_PRINTF(3, 4);

#endif
