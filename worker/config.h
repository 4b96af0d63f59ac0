/*
 * config.h - what the operator asked of this worker: flags, environment, defaults.
 *
 * A flag outranks its environment variable (REAPQ_ and the flag's name in capitals, with
 * underscores), which outranks the default.
 */
#ifndef WORKER_CONFIG_H
#define WORKER_CONFIG_H

#include "isolation_tier.h"
#include "log.h"
#include "sandbox_config.h"
#include "url.h"
#include <reapq/error.h>
#include <reapq/task.h>
#include <stdbool.h>
#include <stdint.h>

#define CONFIG_QUEUES_MAX 64
#define CONFIG_MODULES_MAX 64
#define CONFIG_CONCURRENCY_MAX 128

struct config {
	struct url url;
	char password[512];                    /* until it is in url */
	const char *queues[CONFIG_QUEUES_MAX]; /* in order of priority */
	int queues_count;
	char *modules[CONFIG_MODULES_MAX];
	int modules_count;
	int concurrency;
	int warm; /* children kept warm beside the free slots' */
	bool allow_exec, force, embedded, check, oom_test;
	bool memory_rlimit; /* the memory limit is one of RLIMIT_DATA too */
	enum isolation_tier isolation;
	struct sandbox_config sandbox;
	int64_t grace_ms, kill_grace_ms, lease_ms;
	struct reapq_limits defaults, ceilings;
	bool memory_given; /* its default, by the operator */
	enum log_level log_level;
	char *memory[CONFIG_QUEUES_MAX + CONFIG_MODULES_MAX + 32]; /* what was copied */
	int memory_count;
};

/*
 * From argv and the environment. Ends the program for --help and --version (0) and for
 * usage errors (2). Afterwards, passwords are gone from argv and from the environment's
 * memory, where ps and /proc would show them.
 */
void config_load(struct config *c, int argc, char **argv);
void config_free(struct config *c);

#endif
