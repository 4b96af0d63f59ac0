/*
 * retry.c - whether a failed attempt runs again, and after how long.
 *
 * A verdict that another attempt cannot change, or that a task gets when there is no
 * attempt to repeat, is never in a set: it is refused by name. Lost workers are
 * counted elsewhere (max_lost). Knows no clock and no random source.
 */
#include "retry.h"
#include "error.h"
#include "names.h"

#include <string.h>

#define BIT(v) (UINT32_C(1) << (v))
#define ANY                                                                         \
	(BIT(REAPQ_V_ERROR) | BIT(REAPQ_V_EXIT) | BIT(REAPQ_V_SIGNAL) |             \
	    BIT(REAPQ_V_MEMORY_LIMIT) | BIT(REAPQ_V_OOM) | BIT(REAPQ_V_CPU_LIMIT) | \
	    BIT(REAPQ_V_TIME_LIMIT) | BIT(REAPQ_V_FILE_SIZE_LIMIT) |                \
	    BIT(REAPQ_V_PROCESS_LIMIT) | BIT(REAPQ_V_RESULT_LIMIT) |                \
	    BIT(REAPQ_V_NOT_STARTED))
/* These six and ANY are all: a new verdict must be put on one side. */
_Static_assert((ANY | BIT(REAPQ_V_OTHER) | BIT(REAPQ_V_OK) | BIT(REAPQ_V_CANCELLED) |
		   BIT(REAPQ_V_EXPIRED) | BIT(REAPQ_V_WORKER_LOST) |
		   BIT(REAPQ_V_VANISHED)) == BIT(REAPQ_VERDICT_COUNT) - 1,
    "decide for every verdict whether it can be retried");

#define BASE_MS 1000
#define DELAY_MAX_MS ((int64_t)60 * 60 * 1000)

static int
unknown_word(struct reapq_error *err, const char *word, size_t len)
{
	char accepted[192] = "";
	size_t at = 0;

	for (unsigned v = 0; v < REAPQ_VERDICT_COUNT; v++) {
		const char *name = reapq_verdict_name((enum reapq_verdict)v);
		size_t n = strlen(name);

		if (!(ANY & BIT(v)) || at + n + 2 > sizeof(accepted))
			continue;
		accepted[at++] = ' ';
		memcpy(accepted + at, name, n + 1);
		at += n;
	}
	return error_set(err, REAPQ_EINVAL,
	    "\"%.*s\" is no verdict to retry on; separate these with commas:%s",
	    (int)(len > 40 ? 40 : len), word, accepted);
}

int
retry_parse(const char *text, uint32_t *ret_set, struct reapq_error *err)
{
	uint32_t set = 0;

	if (!text || !*text) {
		*ret_set = ANY;
		return 0;
	}
	for (;;) {
		size_t len = strcspn(text, ",");
		enum reapq_verdict v = names_verdict(text, len);

		if (!(ANY & BIT(v)))
			return unknown_word(err, text, len);
		set |= BIT(v);
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	*ret_set = set;
	return 0;
}

bool
retry_wanted(uint32_t set, enum reapq_verdict verdict, int attempt, int max_attempts)
{
	if ((unsigned)verdict >= REAPQ_VERDICT_COUNT)
		return false;
	return attempt < max_attempts && (set & ANY & BIT(verdict)) != 0;
}

int64_t
retry_delay_ms(int64_t base_ms, int failures, uint32_t rnd)
{
	int64_t delay = base_ms > 0 ? base_ms : BASE_MS;

	for (int i = 1; i < failures && delay < DELAY_MAX_MS; i++)
		delay *= 2;
	if (delay > DELAY_MAX_MS)
		delay = DELAY_MAX_MS;
	/* Rounded up, because 0 would ask for the default further on. */
	return (delay + 1) / 2 + (int64_t)(((uint64_t)delay * rnd) >> 32);
}
