/* pump.h - waits for Redis, for input and for an interrupt at the same time. */
#ifndef CLI_PUMP_H
#define CLI_PUMP_H

#include <reapq/producer.h>

#include "patience.h"

struct pump {
	struct reapq_client *client;
	int signal_fd; /* readable after the first SIGINT or SIGTERM; -1: no interest */
	int taken;     /* that signal has been given out */
	struct patience patience;
};

enum pump_event {
	PUMP_INPUT = 1 << 0,
	PUMP_SIGNAL = 1 << 1 /* given once; see pump_signal() */
};

/*
 * From here on the first SIGINT or SIGTERM is an event; a second one ends the
 * program as ever. One pump a process. ESYS.
 */
int pump_init(struct pump *p, struct reapq_client *client, struct reapq_error *err);

/* Without the signals: the first one ends the program. */
void pump_init_plain(struct pump *p, struct reapq_client *client);

/*
 * Waits until something happened, or timeout_ms passed (-1: for ever), then lets the
 * client do its work. input_fd -1: no interest. *ret_events: enum pump_event bits.
 * Look for futures that are done before and after: the call itself names none.
 * That Redis went away is said; ECONN once it has been away for too long.
 */
int pump_turn(struct pump *p, int input_fd, int timeout_ms, int *ret_events,
    struct reapq_error *err);

/* The signal that came, or 0. */
int pump_signal(void);

void pump_free(struct pump *p);

#endif
