/* bad_abi.c - a module of a reapq that does not exist yet. */
#include <reapq/module.h>

static const struct reapq_handler handlers[] = {{NULL, NULL, NULL}};

const struct reapq_module reapq_module = {
    .abi = REAPQ_MODULE_ABI + 1000,
    .size = sizeof(struct reapq_module),
    .name = "bad_abi",
    .version = "1",
    .handlers = handlers,
};
