/* sandbox_config.h - what the operator asked tasks to be locked into; nothing by default. */
#ifndef WORKER_SANDBOX_CONFIG_H
#define WORKER_SANDBOX_CONFIG_H

#include "runner/sandbox_plan.h"
#include <stdbool.h>

struct sandbox_config {
	const char *seccomp; /* profile; NULL: none. Strings are the config's. */
	const char *user;    /* USER, UID or UID:GID; NULL: the worker's */
	const char *users;   /* FIRST or FIRST-LAST, one a child; NULL: none */
	bool no_new_privs, read_only_root;
	const char *writable[SANDBOX_WRITABLE_MAX];
	int writable_n;
};

#endif
