/*
 * modules.c - the modules that were named, as absolute paths.
 *
 * Absolute, because the symbolizer and a debugger look for the file too, from another
 * directory. One that is not there is passed on as it is: whoever loads it says so.
 */
#include "modules.h"

#include <limits.h>
#include <reapq/error.h>
#include <stdlib.h>
#include <string.h>

static int
add(struct words *w, const char *flag, const char *name)
{
	char path[PATH_MAX];
	int rc = flag ? words_add(w, flag) : 0;

	return rc ? rc : words_add(w, realpath(name, path) ? path : name);
}

int
modules_add(struct words *w, const struct options *opts, const char *flag)
{
	const char *env = getenv("REAPQ_MODULE");
	char *copy, *save = NULL;
	int rc = 0;

	for (size_t i = 0; i < opts->modules_n && rc == 0; i++)
		rc = add(w, flag, opts->modules[i]);
	if (opts->modules_n > 0 || !env || rc != 0)
		return rc;
	copy = strdup(env);
	if (!copy)
		return REAPQ_ENOMEM;
	for (char *word = strtok_r(copy, ":", &save); word && rc == 0;
	     word = strtok_r(NULL, ":", &save))
		rc = add(w, flag, word);
	free(copy);
	return rc;
}
