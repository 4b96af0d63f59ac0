/*
 * names.c - outcomes, verdicts and certainties as text.
 *
 * Each table is indexed by its enum and closed by a static assertion: a value that is
 * added to the public header without a name does not compile. The words are a
 * contract with scripts (see the report's JSON): they are never renamed.
 */
#include "names.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define ASSERT_NAMED(table, count)                                    \
	_Static_assert(sizeof(table) / sizeof((table)[0]) == (count), \
	    "every value needs its name")

static const char *const outcomes[] = {
    [REAPQ_OUTCOME_OTHER] = "other",
    [REAPQ_RETURNED] = "returned",
    [REAPQ_FAILED] = "failed",
    [REAPQ_CRASHED] = "crashed",
    [REAPQ_LOST] = "lost",
    [REAPQ_CANCELLED] = "cancelled",
    [REAPQ_EXPIRED] = "expired",
};
ASSERT_NAMED(outcomes, REAPQ_OUTCOME_COUNT);

struct verdict_row {
	const char *name;
	enum reapq_outcome outcome;
};

static const struct verdict_row verdicts[] = {
    [REAPQ_V_OTHER] = {"other", REAPQ_OUTCOME_OTHER},
    [REAPQ_V_OK] = {"ok", REAPQ_RETURNED},
    [REAPQ_V_ERROR] = {"error", REAPQ_FAILED},
    [REAPQ_V_EXIT] = {"exit", REAPQ_FAILED},
    [REAPQ_V_SIGNAL] = {"signal", REAPQ_CRASHED},
    [REAPQ_V_MEMORY_LIMIT] = {"memory_limit", REAPQ_CRASHED},
    [REAPQ_V_OOM] = {"oom", REAPQ_CRASHED},
    [REAPQ_V_CPU_LIMIT] = {"cpu_limit", REAPQ_CRASHED},
    [REAPQ_V_TIME_LIMIT] = {"time_limit", REAPQ_CRASHED},
    [REAPQ_V_FILE_SIZE_LIMIT] = {"file_size_limit", REAPQ_CRASHED},
    [REAPQ_V_PROCESS_LIMIT] = {"process_limit", REAPQ_CRASHED},
    [REAPQ_V_RESULT_LIMIT] = {"result_limit", REAPQ_FAILED},
    [REAPQ_V_NOT_STARTED] = {"not_started", REAPQ_FAILED},
    [REAPQ_V_CANCELLED] = {"cancelled", REAPQ_CANCELLED},
    [REAPQ_V_EXPIRED] = {"expired", REAPQ_EXPIRED},
    [REAPQ_V_WORKER_LOST] = {"worker_lost", REAPQ_LOST},
    [REAPQ_V_VANISHED] = {"vanished", REAPQ_LOST},
};
ASSERT_NAMED(verdicts, REAPQ_VERDICT_COUNT);

static const char *const certainties[] = {
    [REAPQ_UNKNOWN] = "unknown",
    [REAPQ_LIKELY] = "likely",
    [REAPQ_PROVED] = "proved",
};
ASSERT_NAMED(certainties, REAPQ_CERTAINTY_COUNT);

static bool
same(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && memcmp(name, text, len) == 0;
}

const char *
reapq_outcome_name(enum reapq_outcome outcome)
{
	if ((unsigned)outcome >= REAPQ_OUTCOME_COUNT)
		outcome = REAPQ_OUTCOME_OTHER;
	return outcomes[outcome];
}

const char *
reapq_verdict_name(enum reapq_verdict verdict)
{
	if ((unsigned)verdict >= REAPQ_VERDICT_COUNT)
		verdict = REAPQ_V_OTHER;
	return verdicts[verdict].name;
}

const char *
reapq_certainty_name(enum reapq_certainty certainty)
{
	if ((unsigned)certainty >= REAPQ_CERTAINTY_COUNT)
		certainty = REAPQ_UNKNOWN;
	return certainties[certainty];
}

enum reapq_outcome
names_outcome(const char *text, size_t len)
{
	for (unsigned i = 0; i < REAPQ_OUTCOME_COUNT; i++) {
		if (same(outcomes[i], text, len))
			return (enum reapq_outcome)i;
	}
	return REAPQ_OUTCOME_OTHER;
}

enum reapq_verdict
names_verdict(const char *text, size_t len)
{
	for (unsigned i = 0; i < REAPQ_VERDICT_COUNT; i++) {
		if (same(verdicts[i].name, text, len))
			return (enum reapq_verdict)i;
	}
	return REAPQ_V_OTHER;
}

enum reapq_certainty
names_certainty(const char *text, size_t len)
{
	for (unsigned i = 0; i < REAPQ_CERTAINTY_COUNT; i++) {
		if (same(certainties[i], text, len))
			return (enum reapq_certainty)i;
	}
	return REAPQ_UNKNOWN;
}

enum reapq_outcome
names_outcome_of(enum reapq_verdict verdict)
{
	if ((unsigned)verdict >= REAPQ_VERDICT_COUNT)
		verdict = REAPQ_V_OTHER;
	return verdicts[verdict].outcome;
}

const char *
names_signal(int number)
{
	static char ring[4][24];
	static unsigned next;
	char *buf = ring[next++ % 4];
	const char *abbrev = sigabbrev_np(number);

	if (abbrev)
		snprintf(buf, sizeof(ring[0]), "SIG%.16s", abbrev);
	else if (number == SIGRTMIN)
		snprintf(buf, sizeof(ring[0]), "SIGRTMIN");
	else if (number > SIGRTMIN && number <= SIGRTMAX)
		snprintf(buf, sizeof(ring[0]), "SIGRTMIN+%d", number - SIGRTMIN);
	else
		snprintf(buf, sizeof(ring[0]), "signal %d", number);
	return buf;
}
