/* payload.h - a call's payload as text, and numbers in it. */
#ifndef MODULES_PAYLOAD_H
#define MODULES_PAYLOAD_H

#include <reapq/module.h>

/*
 * The payload with a NUL after it, for free(). NULL, with the call's error text
 * set, if there is no memory or if it holds a NUL byte.
 */
char *payload_text(struct reapq_call *call);

/*
 * The n-th word of the payload (from 0) as a whole number; fallback if there are
 * fewer words, or if it is no number from 0 to 2^40.
 */
long long payload_number(struct reapq_call *call, int n, long long fallback);

#endif
