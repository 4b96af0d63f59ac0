/*
 * chaos_module.c - the handler of the chaos run: marks its start, does what its payload
 * asks for, marks its end. The result carries the nonce of the run, so that the history
 * shows which run a result that was accepted came from.
 */
#include <reapq/module.h>

#include "mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "KEY NONCE BYTES": and then as many bytes, for results too large for one reply. */
static enum reapq_answer
answer(struct reapq_call *call, const struct mark_task *task)
{
	long more =
	    strcmp(task->words[1], "big") == 0 ? strtol(task->words[2], NULL, 10) : 0;
	char line[128];
	int n = snprintf(
	    line, sizeof(line), "%s %s %ld", task->words[0], task->nonce, more);
	char block[4096];

	memset(block, 'x', sizeof(block));
	if (reapq_call_write(call, line, (size_t)n) != 0)
		return REAPQ_FAIL;
	while (more > 0) {
		size_t part = more < (long)sizeof(block) ? (size_t)more : sizeof(block);

		if (reapq_call_write(call, block, part) != 0)
			return REAPQ_FAIL;
		more -= (long)part;
	}
	return REAPQ_DONE;
}

static enum reapq_answer
run_chaos(struct reapq_call *call)
{
	size_t len;
	const void *payload = reapq_call_payload(call, &len);
	const char *id = reapq_call_id(call);
	int attempt = reapq_call_attempt(call);
	struct mark_task task;

	if (mark_parse(&task, payload, len) != 0 ||
	    mark_start(&task, id, attempt) != 0) {
		reapq_call_error(call, "cannot leave a mark");
		return REAPQ_FAIL;
	}
	int rc = mark_act(&task, attempt);

	if (rc != 0)
		reapq_call_error(call, "failed as asked %s", task.nonce);
	enum reapq_answer said = rc == 0 ? answer(call, &task) : REAPQ_FAIL;

	mark_end(&task, id, attempt);
	return said;
}

static const struct reapq_handler handlers[] = {
    {"chaos", run_chaos, "marks its runs; its payload says how it ends"},
    {NULL, NULL, NULL},
};

const struct reapq_module reapq_module = {
    .abi = REAPQ_MODULE_ABI,
    .size = sizeof(struct reapq_module),
    .name = "chaos",
    .version = "1",
    .handlers = handlers,
};
