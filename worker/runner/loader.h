/* loader.h - the modules: loaded once, before any fork; names to handlers. */
#ifndef RUNNER_LOADER_H
#define RUNNER_LOADER_H

#include <reapq/module.h>
#include <stddef.h>

struct loader;

/*
 * Loads the modules at paths and runs their init. EINVAL or ENOENT with the path and
 * what is wrong: not loadable, no reapq_module symbol, another ABI, a handler named
 * twice. Modules stay loaded for the life of the process.
 */
int loader_new(
    struct loader **ret_loader, char *const *paths, size_t n, struct reapq_error *err);

size_t loader_count(const struct loader *l);
const struct reapq_handler *loader_at(const struct loader *l, size_t i);
/* NULL: no such handler. */
const struct reapq_handler *loader_find(const struct loader *l, const char *name);

#endif
