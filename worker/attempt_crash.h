/* attempt_crash.h - an attempt's crash record: asked for, waited for, read, named. */
#ifndef WORKER_ATTEMPT_CRASH_H
#define WORKER_ATTEMPT_CRASH_H

#include "attempt.h"

#define ATTEMPT_CRASH_LOOK_MS 5 /* between looks for an answer */

/*
 * A handler over its time limit is asked where it is before it is told to stop: its
 * stack is the answer to "what took so long". True: asked; look again and again with
 * attempt_crash_waiting until that is false, in 200 ms at most.
 */
bool attempt_crash_ask(struct attempt *a);
bool attempt_crash_waiting(struct attempt *a);

/*
 * What the process says of its end, into the evidence, which has waitid's word already.
 * True: fn will be called when its frames have their names.
 */
bool attempt_crash_read(struct attempt *a, void (*fn)(void *arg));

#endif
