/*
 * loader.c - owns the table of handlers that the modules brought.
 *
 * Symbols are bound at once (RTLD_NOW), so that a child never runs the dynamic linker
 * for a first call, and kept apart (RTLD_LOCAL). A module is never unloaded: its code
 * may be in use by any child forked from here.
 */
#include "loader.h"

#include "error.h"
#include <dlfcn.h>
#include <reapq/task.h>
#include <stdlib.h>
#include <string.h>

struct loader {
	const struct reapq_handler **handlers;
	size_t n, cap;
};

static int
add_handler(struct loader *l, const char *path, const struct reapq_handler *h,
    struct reapq_error *err)
{
	size_t len = strlen(h->name);

	if (len == 0 || len > REAPQ_HANDLER_MAX)
		return error_set(err, REAPQ_EINVAL,
		    "%s: handler name of %zu bytes; 1 to %d are allowed", path, len,
		    REAPQ_HANDLER_MAX);
	if (strcmp(h->name, REAPQ_HANDLER_EXEC) == 0)
		return error_set(
		    err, REAPQ_EINVAL, "%s: the handler name 'exec' is reserved", path);
	if (h->run == NULL)
		return error_set(err, REAPQ_EINVAL, "%s: handler '%s' has no function",
		    path, h->name);
	if (loader_find(l, h->name) != NULL)
		return error_set(err, REAPQ_EINVAL,
		    "%s: handler '%s' is there already, from another module", path,
		    h->name);
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 16 : l->cap * 2;
		const struct reapq_handler **grown =
		    realloc(l->handlers, cap * sizeof(const struct reapq_handler *));

		if (grown == NULL)
			return error_set(err, REAPQ_ENOMEM, "no memory for handlers");
		l->handlers = grown;
		l->cap = cap;
	}
	l->handlers[l->n++] = h;
	return 0;
}

static int
load(struct loader *l, const char *path, struct reapq_error *err)
{
	struct reapq_error why = REAPQ_ERROR_INIT;
	const struct reapq_module *m;
	void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int rc;

	if (so == NULL)
		return error_set(
		    err, REAPQ_EINVAL, "cannot load module: %s", dlerror());
	m = dlsym(so, "reapq_module");
	if (m == NULL)
		return error_set(err, REAPQ_EINVAL,
		    "%s is no reapq module: it defines no 'reapq_module'", path);
	if (m->abi != REAPQ_MODULE_ABI)
		return error_set(err, REAPQ_EINVAL,
		    "%s was built for module ABI %u, this reapq has %d: rebuild it",
		    path, m->abi, REAPQ_MODULE_ABI);
	if (m->size < sizeof(struct reapq_module) || m->handlers == NULL)
		return error_set(err, REAPQ_EINVAL,
		    "%s: reapq_module is too small (%u bytes) or has no handlers", path,
		    m->size);
	for (const struct reapq_handler *h = m->handlers; h->name != NULL; h++)
		if ((rc = add_handler(l, path, h, err)) != 0)
			return rc;
	if (m->init != NULL && m->init(&why) != 0)
		return error_set(err, REAPQ_EINVAL, "%s: its init failed: %s", path,
		    why.msg[0] != '\0' ? why.msg : "it gave no reason");
	return 0;
}

int
loader_new(
    struct loader **ret_loader, char *const *paths, size_t n, struct reapq_error *err)
{
	struct loader *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	for (size_t i = 0; i < n; i++) {
		if ((rc = load(l, paths[i], err)) != 0) {
			free(l->handlers);
			free(l);
			return rc;
		}
	}
	*ret_loader = l;
	return 0;
}

size_t
loader_count(const struct loader *l)
{
	return l->n;
}

const struct reapq_handler *
loader_at(const struct loader *l, size_t i)
{
	return l->handlers[i];
}

const struct reapq_handler *
loader_find(const struct loader *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->handlers[i]->name, name) == 0)
			return l->handlers[i];
	return NULL;
}
