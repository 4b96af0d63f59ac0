/*
 * quarantine.c - owns the decision when a worker keeps itself clear for a suspect.
 *
 * Pure: it knows no clock and no Redis. Invariants: at most one lane is reserved, of one
 * queue. A reservation that was of no use, as the neighbours ran on, is given up, then
 * rested from four times as long, and the next is twice as long: at most a fifth of a
 * worker's time is spent idle, and whatever bound the neighbours' run time has is reached.
 */
#include "quarantine.h"

#include <string.h>

#define PATIENCE_MS 1000 /* an idle worker may come along */
#define RESERVE_MS 10000 /* renewed by each claim, every 2 s at least */
#define HOLD_MIN_MS 10000
#define HOLD_MAX_MS ((int64_t)24 * 3600 * 1000)
#define REST_TIMES 4

void
quarantine_init(struct quarantine *q, const struct config *config)
{
	memset(q, 0, sizeof(*q));
	q->config = config;
	q->reserved = -1;
	for (int i = 0; i < CONFIG_QUEUES_MAX; i++)
		q->lanes[i].hold_ms = HOLD_MIN_MS;
}

int
quarantine_only(const struct quarantine *q)
{
	return q->reserved;
}

static void
give_up(struct quarantine *q, int64_t now_ms)
{
	struct quarantine_lane *lane = &q->lanes[q->reserved];

	lane->rest_ms = now_ms + REST_TIMES * lane->hold_ms;
	if (lane->hold_ms < HOLD_MAX_MS)
		lane->hold_ms *= 2;
	q->reserved = -1;
}

int64_t
quarantine_reserve_ms(struct quarantine *q, int queue, int64_t now_ms)
{
	const struct quarantine_lane *lane = &q->lanes[queue];

	if (q->reserved == queue && now_ms >= q->until_ms)
		give_up(q, now_ms);
	if (q->reserved == queue)
		return RESERVE_MS;
	if (q->reserved >= 0 || lane->since_ms == 0 || now_ms < lane->rest_ms ||
	    now_ms - lane->since_ms < PATIENCE_MS)
		return 0;
	return RESERVE_MS;
}

void
quarantine_answer(
    struct quarantine *q, int queue, int64_t code, bool suspect, int64_t now_ms)
{
	struct quarantine_lane *lane = &q->lanes[queue];

	if (code == QUARANTINE_RESERVED) {
		if (q->reserved != queue)
			q->until_ms = now_ms + lane->hold_ms;
		q->reserved = queue;
		return;
	}
	if (q->reserved == queue)
		q->reserved = -1;
	if (suspect)
		*lane = (struct quarantine_lane){.hold_ms = HOLD_MIN_MS};
	else if (code != QUARANTINE_WAIT)
		lane->since_ms = 0;
	else if (lane->since_ms == 0)
		lane->since_ms = now_ms;
}
