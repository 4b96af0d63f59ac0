/*
 * programs.c - finds what belongs to this installation, or to this build tree.
 *
 * The same places in which the worker looks for its runner; never $PATH, where another
 * version may be.
 */
#include "programs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

int
programs_find(const char *name, const char *env, char *ret_path, size_t cap,
    struct reapq_error *err)
{
	static const char *const places[] = {"", "../libexec/reapq/"};
	const char *given = getenv(env);
	char self[3072];
	char *slash;
	ssize_t n;

	if (given && *given) {
		(void)snprintf(ret_path, cap, "%s", given);
		return access(given, X_OK) == 0
			   ? 0
			   : error_sys(err, errno, "%s=%s is no program", env, given);
	}
	n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		return error_sys(err, errno, "/proc/self/exe");
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return error_set(
		    err, REAPQ_ESYS, "/proc/self/exe is \"%s\", no path", self);
	slash[1] = '\0';
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		(void)snprintf(ret_path, cap, "%s%s%s", self, places[i], name);
		if (access(ret_path, X_OK) == 0)
			return 0;
	}
	return error_set(err, REAPQ_ENOENT,
	    "no %s beside reapq in %s, nor in %s%s; install it, or set %s", name, self,
	    self, places[1], env);
}
