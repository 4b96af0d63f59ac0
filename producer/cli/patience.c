/*
 * patience.c - how long a command that waits goes on while Redis is away.
 *
 * The library tries to connect again for ever, as a server should; a command in a
 * shell gives up instead, so that a script learns of it. All commands that wait share
 * this rule. It ends nothing itself, and never asks Redis anything.
 */
#include "patience.h"

#include <reapq/admin.h>
#include <stdlib.h>

#include "clock.h"
#include "error.h"
#include "say.h"
#include "units.h"

enum {
	KNOB_MAX_MS = 3600000
};

/* REAPQ_PATIENCE_MS is for the tests, which can't wait half a minute: not for users,
 * and in no manual. */
static int64_t
limit_from_environment(void)
{
	const char *text = getenv("REAPQ_PATIENCE_MS");
	char *end;
	long value;

	if (!text || !*text)
		return PATIENCE_MS;
	value = strtol(text, &end, 10);
	return *end || value < 1 || value > KNOB_MAX_MS ? PATIENCE_MS : value;
}

void
patience_init(struct patience *p, const struct reapq_client *client)
{
	*p = (struct patience){.client = client, .limit_ms = limit_from_environment()};
}

/* It is away: says so the first time, gives up in the end. */
static int
bear(struct patience *p, const struct reapq_error *why, struct reapq_error *err)
{
	int64_t now = clock_mono_ms();
	char limit[32];

	(void)units_format_ms(p->limit_ms, limit, sizeof limit);
	if (!p->give_up_ms) {
		p->give_up_ms = now + p->limit_ms;
		say_line("%s; trying again for %s", why->msg, limit);
	} else if (now >= p->give_up_ms) {
		return error_set(
		    err, REAPQ_ECONN, "gave up after %s: %s", limit, why->msg);
	}
	return 0;
}

int
patience_look(struct patience *p, struct reapq_error *err)
{
	struct reapq_error why = REAPQ_ERROR_INIT;

	if (reapq_redis_check(p->client, &why) < 0)
		return bear(p, &why, err);
	if (!p->unanswered)
		p->give_up_ms = 0;
	return 0;
}

int
patience_fail(
    struct patience *p, const struct reapq_error *why, struct reapq_error *err)
{
	p->unanswered = true;
	return bear(p, why, err);
}

void
patience_answered(struct patience *p)
{
	p->unanswered = false;
	p->give_up_ms = 0;
}

bool
patience_away(const struct patience *p)
{
	struct reapq_error why = REAPQ_ERROR_INIT;

	return reapq_redis_check(p->client, &why) < 0;
}

int
patience_left_ms(const struct patience *p)
{
	int64_t left;

	if (!p->give_up_ms)
		return -1;
	left = p->give_up_ms - clock_mono_ms();
	return left < 0 ? 0 : (int)left;
}
