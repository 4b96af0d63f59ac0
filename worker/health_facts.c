/*
 * health_facts.c - the line that a worker answers, and the judgement of it.
 *
 * A worker is healthy while Redis answers its fetches: an empty or a paused queue is
 * answered too, and so is a worker whose slots are all busy, as it still listens for
 * hints. One that drains is healthy whatever Redis does: its end is bounded already, and
 * to kill it early would only lose what runs.
 */
#include "health_facts.h"

#include "id.h"
#include "units.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "reapq-health 1 "
#define PREFIX "reapq-worker/"
#define LISTENS "00010000" /* __SO_ACCEPTCON, as /proc/net/unix has it */

static const char *const states[HEALTH_STATE_COUNT] = {
    "starting", "running", "draining"};

size_t
health_facts_format(const struct health_facts *f, char *out)
{
	int n = snprintf(out, HEALTH_LINE_MAX, MAGIC "%s %" PRId64 " %d %d %s\n",
	    states[f->state], f->age_ms, f->busy, f->slots, f->worker);

	return n > 0 ? (size_t)n : 0;
}

/* A number that ends with the character end, from min to max; moves *at behind it. */
static bool
take(const char **at, char end, int64_t min, int64_t max, int64_t *ret_n)
{
	char *stop;
	long long n;

	if (**at != '-' && (**at < '0' || **at > '9'))
		return false;
	errno = 0;
	n = strtoll(*at, &stop, 10);
	if (errno != 0 || stop == *at || *stop != end || n < min || n > max)
		return false;
	*at = end == '\0' ? stop : stop + 1;
	*ret_n = n;
	return true;
}

bool
health_facts_parse(const char *text, size_t len, struct health_facts *ret_f)
{
	struct health_facts f = {.state = HEALTH_STATE_COUNT};
	char line[HEALTH_LINE_MAX];
	const char *at = line + sizeof(MAGIC) - 1;
	int64_t busy, slots;

	if (len < sizeof(MAGIC) || len >= sizeof(line) || text[len - 1] != '\n' ||
	    memchr(text, '\0', len) != NULL ||
	    memcmp(text, MAGIC, sizeof(MAGIC) - 1) != 0)
		return false;
	memcpy(line, text, len);
	line[len - 1] = '\0';
	for (int i = 0; i < HEALTH_STATE_COUNT; i++) {
		size_t n = strlen(states[i]);

		if (strncmp(at, states[i], n) == 0 && at[n] == ' ') {
			f.state = (enum health_state)i;
			at += n + 1;
			break;
		}
	}
	if (f.state == HEALTH_STATE_COUNT ||
	    !take(&at, ' ', -1, INT64_MAX, &f.age_ms) ||
	    !take(&at, ' ', 0, INT_MAX, &busy) || !take(&at, ' ', 0, INT_MAX, &slots) ||
	    !id_valid(at))
		return false;
	f.busy = (int)busy;
	f.slots = (int)slots;
	memcpy(f.worker, at, strlen(at) + 1);
	*ret_f = f;
	return true;
}

bool
health_facts_judge(const struct health_facts *f, int64_t max_age_ms, char *out)
{
	bool ok =
	    f->state == HEALTH_DRAINING ||
	    (f->state == HEALTH_RUNNING && f->age_ms >= 0 && f->age_ms <= max_age_ms);
	char age[32], max[32], redis[96];

	if (f->age_ms < 0)
		snprintf(redis, sizeof(redis), "Redis has not answered a fetch yet");
	else
		snprintf(redis, sizeof(redis), "Redis answered a fetch %s ago",
		    units_format_ms(f->age_ms, age, sizeof(age)));
	snprintf(out, HEALTH_LINE_MAX, "%s: worker %s is %s, %d of %d slots busy, %s",
	    ok ? "healthy" : "unhealthy", f->worker, states[f->state], f->busy,
	    f->slots, redis);
	if (!ok && f->age_ms > max_age_ms) {
		size_t n = strlen(out);

		snprintf(out + n, HEALTH_LINE_MAX - n, ", and %s is the most allowed",
		    units_format_ms(max_age_ms, max, sizeof(max)));
	}
	return ok;
}

size_t
health_name(char *out, uint64_t ns, pid_t pid)
{
	int n = snprintf(out, HEALTH_NAME_MAX, PREFIX "%" PRIu64 "/%d", ns, (int)pid);

	return n > 0 ? (size_t)n : 0;
}

pid_t
health_name_pid(const char *line, uint64_t ns)
{
	char flags[16], name[HEALTH_NAME_MAX + 2], want[HEALTH_NAME_MAX];
	const char *slash;
	int64_t pid;

	/* Num: RefCount Protocol Flags Type St Inode Path */
	if (sscanf(line, "%*s %*s %*s %15s %*s %*s %*s %65s", flags, name) != 2 ||
	    strcmp(flags, LISTENS) != 0 || name[0] != '@' ||
	    (slash = strrchr(name, '/')) == NULL)
		return 0;
	slash++;
	if (!take(&slash, '\0', 1, INT_MAX, &pid))
		return 0;
	(void)health_name(want, ns, (pid_t)pid);
	return strcmp(name + 1, want) == 0 ? (pid_t)pid : 0;
}
