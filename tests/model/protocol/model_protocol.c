/*
 * model_protocol.c - checks the protocol whole in small scenes, then shows that each of
 * a list of mistakes would be found.
 *
 * An argument names a mistake or a scene; the way to a violation is then printed.
 * REAPQ_MODEL_DEEP=1 adds the deep scenes: minutes, and gigabytes of memory.
 */
#include "checker.h"
#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct checker_model model = {
    .size = sizeof(struct state), .steps = steps, .goal = all_settled};

enum scene_name {
	RETRY,
	ONCE,
	LATE,
	FLUSHED,
	FLUSHED_ONCE,
	UNIQUE,
	DEADLINE,
	DRAIN,
	TTL,
	AGAIN,
	PAIR,
	BACK,
	BACK_ONCE,
	PAUSED,
	PAUSED_FOR_GOOD,
	SUSPECTS,
	FORGOTTEN,
	ONCE_DEEP,
	FLUSHED_DEEP,
	SCENES
};

static const struct scene scenes[SCENES] = {
    [RETRY] = {.name = "retries, kill, stop, lost answers, outage, two waiters",
	.tasks = 1,
	.workers = 2,
	.producers = 2,
	.max_fail = 2,
	.max_lost = 1,
	.budget = {[KILL] = 1,
	    [STOP] = 1,
	    [LOSE] = 1,
	    [FAIL] = 2,
	    [OUTAGE] = 1,
	    [CANCEL] = 1}},
    [ONCE] = {.name = "--once, with everything but a flush",
	.tasks = 1,
	.workers = 2,
	.producers = 2,
	.attach = true,
	.max_fail = 1,
	.budget = {[KILL] = 1,
	    [STOP] = 1,
	    [LOSE] = 1,
	    [OUTAGE] = 1,
	    [GIVE_BACK] = 1,
	    [GHOST] = 1}},
    [ONCE_DEEP] = {.name = "--once, everything but a flush, deep",
	.deep = true,
	.tasks = 1,
	.workers = 2,
	.producers = 2,
	.attach = true,
	.max_fail = 1,
	.budget = {[KILL] = 1,
	    [STOP] = 1,
	    [LOSE] = 2,
	    [FAIL] = 1,
	    [OUTAGE] = 1,
	    [CANCEL] = 1,
	    [GIVE_BACK] = 2,
	    [GHOST] = 1,
	    [PRODUCER_DIES] = 1}},
    [FLUSHED_DEEP] = {.name = "FLUSHALL twice, deep",
	.deep = true,
	.tasks = 1,
	.workers = 2,
	.producers = 2,
	.attach = true,
	.max_fail = 2,
	.max_lost = 1,
	.budget = {[KILL] = 1, [STOP] = 1, [LOSE] = 1, [FAIL] = 1, [FLUSH] = 2}},
    [LATE] = {.name = "late copies of requests, frozen workers",
	.tasks = 1,
	.workers = 2,
	.producers = 1,
	.max_fail = 2,
	.max_lost = 1,
	.budget = {[STOP] = 1,
	    [LOSE] = 1,
	    [FAIL] = 1,
	    [GHOST] = 1,
	    [GIVE_BACK] = 1,
	    [CANCEL] = 1}},
    [FLUSHED] = {.name = "FLUSHALL",
	.tasks = 1,
	.workers = 2,
	.producers = 2,
	.attach = true,
	.max_fail = 1,
	.max_lost = 1,
	.budget = {[KILL] = 1, [LOSE] = 1, [FLUSH] = 2}},
    [FLUSHED_ONCE] = {.name = "FLUSHALL, --once",
	.tasks = 1,
	.workers = 2,
	.producers = 2,
	.attach = true,
	.max_fail = 1,
	.budget = {[KILL] = 1,
	    [STOP] = 1,
	    [FAIL] = 1,
	    [FLUSH] = 2,
	    [CANCEL] = 1,
	    [OUTAGE] = 1}},
    [UNIQUE] = {.name = "two tasks, one unique key",
	.tasks = 2,
	.workers = 1,
	.producers = 1,
	.unique = true,
	.max_fail = 1,
	.max_lost = 1,
	.budget = {[KILL] = 1, [LOSE] = 1, [FAIL] = 1, [FLUSH] = 1, [CANCEL] = 1}},
    [DEADLINE] = {.name = "delay and deadline",
	.tasks = 1,
	.workers = 2,
	.producers = 1,
	.deadline = true,
	.delay = true,
	.max_fail = 2,
	.max_lost = 1,
	.budget = {[KILL] = 1,
	    [STOP] = 1,
	    [LOSE] = 1,
	    [FAIL] = 1,
	    [GIVE_BACK] = 1,
	    [CANCEL] = 1}},
    [DRAIN] = {.name = "workers that end",
	.tasks = 1,
	.workers = 2,
	.producers = 1,
	.max_fail = 2,
	.max_lost = 1,
	.budget = {[KILL] = 1,
	    [LOSE] = 1,
	    [FAIL] = 1,
	    [GIVE_BACK] = 3,
	    [MORE_MEMORY] = 1,
	    [CANCEL] = 1}},
    [TTL] = {.name = "results that expire before they are read",
	.tasks = 1,
	.workers = 1,
	.producers = 2,
	.attach = true,
	.max_fail = 1,
	.max_lost = 1,
	.budget =
	    {[KILL] = 1, [LOSE] = 1, [EXPIRE_RESULT] = 1, [GHOST] = 1, [CANCEL] = 1}},
    [AGAIN] = {.name = "an id used again, its old entry still on the list",
	.tasks = 1,
	.workers = 2,
	.producers = 2,
	.max_fail = 1,
	.max_lost = 1,
	.budget = {[STOP] = 1, [EXPIRE_RESULT] = 1, [GIVE_BACK] = 1, [CANCEL] = 1}},
    [BACK] = {.name = "Redis comes back with older data",
	.tasks = 1,
	.workers = 2,
	.producers = 1,
	.max_fail = 2,
	.max_lost = 1,
	.budget = {[KILL] = 1, [STOP] = 1, [FAIL] = 1, [ROLLBACK] = 1, [LOSE] = 1}},
    [BACK_ONCE] = {.name = "the same, --once",
	.tasks = 1,
	.workers = 2,
	.producers = 2,
	.attach = true,
	.max_fail = 1,
	.budget =
	    {[KILL] = 1, [STOP] = 1, [ROLLBACK] = 1, [CANCEL] = 1, [GIVE_BACK] = 1}},
    [PAUSED] = {.name = "a queue is paused, and goes on",
	.tasks = 1,
	.workers = 2,
	.producers = 1,
	.max_fail = 2,
	.max_lost = 1,
	.delay = true,
	.budget = {[KILL] = 1,
	    [LOSE] = 1,
	    [FAIL] = 1,
	    [PAUSE] = 2,
	    [GIVE_BACK] = 1,
	    [CANCEL] = 1}},
    [PAUSED_FOR_GOOD] = {.name = "a queue that stays paused; deadlines",
	.tasks = 1,
	.workers = 2,
	.producers = 1,
	.deadline = true,
	.for_good = true,
	.max_fail = 2,
	.max_lost = 1,
	.budget = {[KILL] = 1, [STOP] = 1, [LOSE] = 1, [FAIL] = 1, [PAUSE] = 1}},
    [SUSPECTS] = {.name = "suspects while other work never ends",
	.tasks = 2,
	.workers = 2,
	.producers = 1,
	.endless = true,
	.max_fail = 1,
	.max_lost = 1,
	.budget = {[KILL] = 2}},
    [FORGOTTEN] = {.name = "late copies over FLUSHALL and older data, --once",
	.tasks = 1,
	.workers = 2,
	.producers = 1,
	.max_fail = 1,
	.budget = {[STOP] = 1, [FLUSH] = 1, [ROLLBACK] = 1, [GHOST] = 1}},
    [PAIR] = {.name = "two tasks claimed at once",
	.tasks = 2,
	.workers = 2,
	.producers = 1,
	.max_fail = 1,
	.max_lost = 1,
	.budget = {[STOP] = 1, [LOSE] = 1}},
};

static const struct {
	const char *name;
	enum scene_name scene;
} bugs[BUGS] = {
    [FINISH_TOKEN] = {"finish does not check the token", LATE},
    [RESULT_FIRST] = {"finish writes the result, then checks", LATE},
    [CLAIM_NOT_REPEATED] = {"a claim sent again claims anew", PAIR},
    [REPEAT_UNCHECKED] = {"a claim sent again names what is not its own", RETRY},
    [REPEAT_NOT_RENEWED] = {"a claim sent again does not renew the lease", RETRY},
    [OLD_CLAIM] = {"a late copy of an old claim takes tasks", LATE},
    [EMPTY_CLAIM] = {"a claim that got nothing is not remembered", LATE},
    [NO_GRACE] = {"no grace after an outage", RETRY},
    [TICK_KEEPS_LEASE] = {"tick does not remove the lease", RETRY},
    [COUNTED_AT_END] = {"attempts are counted when they end", RETRY},
    [RECORD_KEPT] = {"the record outlives the result", RETRY},
    [SUBMIT_ID] = {"submit does not look for the id", RETRY},
    [LOSS_BUDGET] = {"one loss too many", RETRY},
    [TRY_BUDGET] = {"one try too many", RETRY},
    [GIVEN_BACK_COUNTED] = {"what is given back counts", DRAIN},
    [CLAIM_STATE] = {"claim does not check the state", AGAIN},
    [ONCE_STOPPED_AGAIN] = {"a stopped --once task starts again", ONCE},
    [CANCEL_FORGOTTEN] = {"a cancelled task is given back", DRAIN},
    [CANCEL_LEAVES_DELAYED] = {"cancel leaves the id delayed", DEADLINE},
    [UNIQUE_KEPT] = {"the unique key outlives its task", UNIQUE},
    [RESULT_TTL] = {"submitted again after the result's time", TTL},
    [ONCE_KEPT] = {"a --once task is submitted again", FLUSHED_ONCE},
    [NEVER_VANISHES] = {"a future waits for what Redis has lost", FLUSHED_ONCE},
    [SUSPECT_WITH_OTHERS] = {"a suspect is given out with others", PAIR},
    [PAUSED_STARTS] = {"a paused queue gives tasks out", PAUSED},
    [PAUSED_KEEPS] = {"a paused queue keeps what is due", PAUSED_FOR_GOOD},
    [NO_RESERVATION] = {"nobody makes itself idle for a suspect", SUSPECTS},
    [RESERVED_FOR_EVER] = {"the reservation of a dead worker stays", SUSPECTS},
    [RESERVED_TAKES] = {"who has reserved is given others", SUSPECTS},
    [NO_EXPIRY] = {"deadlines are not enforced by the tick", PAUSED_FOR_GOOD},
};

static const char *
run(enum scene_name name, enum bug with, bool show)
{
	struct state first;
	scene = &scenes[name];
	bug = with;
	first_state(&first);
	return checker_run(&model, &first, show);
}

static int
run_scene(enum scene_name name)
{
	clock_t start = clock();
	const char *wrong = run(name, NO_BUG, true);
	printf("%-60s %8zu states %9zu steps %5.1f s %s\n", scenes[name].name,
	    checker_states(), checker_edges(),
	    (double)(clock() - start) / CLOCKS_PER_SEC, wrong ? wrong : "hold");
	return wrong ? 1 : 0;
}

static int
run_bug(enum bug with, bool show)
{
	const char *wrong = run(bugs[with].scene, with, show);
	printf("broken: %-48s %8zu states: %s\n", bugs[with].name, checker_states(),
	    wrong ? wrong : "NOT FOUND");
	return wrong ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	bool deep = getenv("REAPQ_MODEL_DEEP") != NULL;
	int failed = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < SCENES; i++)
		if (only ? strcmp(only, scenes[i].name) == 0 : deep || !scenes[i].deep)
			failed += run_scene((enum scene_name)i);
	for (int i = NO_BUG + 1; i < BUGS; i++)
		if (!only || strcmp(only, bugs[i].name) == 0)
			failed += run_bug((enum bug)i, only != NULL);
	printf("%d failed\n", failed);
	return failed != 0;
}
