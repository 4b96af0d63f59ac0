/*
 * values.c - the values of flags that are words of their own: priorities, factors, verdicts.
 *
 * Each writes its field only when the text is right, and says what would be. Nothing is
 * copied: what points into the command line lives as long as that.
 */
#include "values.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "names.h"
#include "retry.h"
#include "units.h"

int
values_priority(enum reapq_priority *field, const char *text, struct reapq_error *err)
{
	if (strcmp(text, "high") == 0)
		*field = REAPQ_PRIORITY_HIGH;
	else if (strcmp(text, "normal") == 0)
		*field = REAPQ_PRIORITY_NORMAL;
	else if (strcmp(text, "low") == 0)
		*field = REAPQ_PRIORITY_LOW;
	else
		return error_set(err, REAPQ_EINVAL,
		    "\"%.100s\" is no priority: high, normal or low", text);
	return 0;
}

int
values_retry_on(struct reapq_task *task, const char *text, struct reapq_error *err)
{
	uint32_t set;
	int rc = retry_parse(text, &set, err);

	if (rc == 0)
		task->retry_on = text;
	return rc;
}

/* "2x", "1.5x": a factor; else a size. */
int
values_oom_retry(struct reapq_task *task, const char *text, struct reapq_error *err)
{
	task->oom_factor = 0;
	task->oom_step = 0;
	if (strchr(text, 'x') == NULL) {
		int rc = units_size(text, &task->oom_step, err);

		if (rc == 0 && task->oom_step == 0)
			rc = error_set(err, REAPQ_EINVAL, "nothing more is no more");
		return rc;
	}
	task->oom_factor = units_factor(text);
	if (task->oom_factor <= 100 || task->oom_factor > 10000) {
		task->oom_factor = 0;
		return error_set(err, REAPQ_EINVAL,
		    "write 2x or 1.5x, from 1.01x to 100x, or a size like 512M");
	}
	return 0;
}

int
values_tag(struct reapq_task *task, const char *text, struct reapq_error *err)
{
	if (strlen(text) > REAPQ_TAG_MAX)
		return error_set(err, REAPQ_EINVAL, "it has %zu bytes, at most %d",
		    strlen(text), REAPQ_TAG_MAX);
	task->tag = text;
	return 0;
}

int
values_durability(
    enum reapq_durability *field, const char *text, struct reapq_error *err)
{
	static const char *const names[] = {"none", "aof", "replica"};

	for (int i = 0; i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			*field = (enum reapq_durability)i;
			return 0;
		}
	return error_set(err, REAPQ_EINVAL,
	    "\"%.100s\" is no durability: none, aof or replica", text);
}

int
values_verdict(const char **field, const char *text, struct reapq_error *err)
{
	if (names_verdict(text, strlen(text)) == REAPQ_V_OTHER)
		return error_set(err, REAPQ_EINVAL,
		    "\"%.100s\" is no verdict: signal, exit, memory_limit...", text);
	*field = text;
	return 0;
}
