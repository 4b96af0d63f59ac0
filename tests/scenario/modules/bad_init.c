/* bad_init.c - a module that cannot load its tables, and says so. */
#include <reapq/module.h>

#include <stdio.h>

static int
fail(struct reapq_error *err)
{
	(void)snprintf(err->msg, sizeof(err->msg), "the tables are at the cleaner's");
	err->code = REAPQ_EINVAL;
	return REAPQ_EINVAL;
}

static const struct reapq_handler handlers[] = {{NULL, NULL, NULL}};

const struct reapq_module reapq_module = {
    .abi = REAPQ_MODULE_ABI,
    .size = sizeof(struct reapq_module),
    .name = "bad_init",
    .version = "1",
    .handlers = handlers,
    .init = fail,
};
