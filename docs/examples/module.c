/* module.c - one handler, "reverse": its result is its payload, backwards. */
#include <reapq/module.h>

static enum reapq_answer
reverse(struct reapq_call *call)
{
	size_t len;
	const char *text = reapq_call_payload(call, &len);

	if (len == 0) {
		reapq_call_error(call, "nothing to reverse");
		return REAPQ_FAIL;
	}
	while (len-- > 0)
		if (reapq_call_write(call, text + len, 1) != 0)
			return REAPQ_FAIL;
	return REAPQ_DONE;
}

static const struct reapq_handler handlers[] = {
    {"reverse", reverse, "its payload, backwards"}, {NULL, NULL, NULL}};

const struct reapq_module reapq_module = {.abi = REAPQ_MODULE_ABI,
    .size = sizeof(reapq_module),
    .name = "example",
    .version = "1",
    .handlers = handlers};
