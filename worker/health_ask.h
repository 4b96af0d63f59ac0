/*
 * health_ask.h - `reapq-worker --health[=PID] [--health-age D]`: the asking side.
 */
#ifndef WORKER_HEALTH_ASK_H
#define WORKER_HEALTH_ASK_H

#include <stdbool.h>

/* Is this command line such a question? Then nothing else of the worker is needed. */
bool health_asked(int argc, char *const *argv);

/*
 * Asks the worker PID, or all of this user's in this PID namespace; prints a line for
 * each. 0: all are healthy; 1: one is not, or there is none; 2: bad usage.
 */
int health_ask(int argc, char *const *argv);

#endif
