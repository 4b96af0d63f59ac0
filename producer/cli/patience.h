/* patience.h - how long a command that waits goes on while Redis is away. */
#ifndef CLI_PATIENCE_H
#define CLI_PATIENCE_H

#include <reapq/producer.h>
#include <stdbool.h>
#include <stdint.h>

#define PATIENCE_MS 30000

struct patience {
	const struct reapq_client *client;
	int64_t limit_ms;
	int64_t give_up_ms; /* monotonic; 0: Redis answers */
	bool unanswered;    /* a call had no answer: another's answer ends it */
};

void patience_init(struct patience *p, const struct reapq_client *client);

/*
 * Without I/O: 0 while Redis is there, or may come back; ECONN when it has been away
 * for too long, with a message that says so. That it was lost is said once, at once.
 */
int patience_look(struct patience *p, struct reapq_error *err);

/* A call ended with ECONN (why): the same answers as patience_look(). */
int patience_fail(
    struct patience *p, const struct reapq_error *why, struct reapq_error *err);
/* A call was answered. */
void patience_answered(struct patience *p);

/* Redis is known to be away. */
bool patience_away(const struct patience *p);

/* Until patience_look() gives up; -1: never. */
int patience_left_ms(const struct patience *p);

#endif
