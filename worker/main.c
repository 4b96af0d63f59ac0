/*
 * main.c - reapq-worker: configuration, then the supervisor, then an exit status.
 *
 * Exit 0 after a clean drain, 1 when it could not start or had to leave reports behind, 2
 * for bad usage. --health is another program in the same file: it asks one that runs.
 */
#include "check_host.h"
#include "config.h"
#include "hard_limits.h"
#include "health_ask.h"
#include "log.h"
#include "supervisor.h"

#include <malloc.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Descriptors add up, a child's and a slot's; children get their own limit. */
static void
raise_open_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int
main(int argc, char **argv)
{
	static struct config config;
	struct reapq_error err = REAPQ_ERROR_INIT;
	int rc;

	if (health_asked(argc, argv))
		return health_ask(argc, argv);
	/* Large results come and go: give their memory back, whatever their size was. */
	(void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	config_load(&config, argc, argv);
	raise_open_files();
	hard_limits_lower(&config.ceilings);
	/* A child of the same user must not read our memory or our environment. */
	(void)prctl(PR_SET_DUMPABLE, 0);
	log_set_level(config.log_level);
	if (config.check) {
		rc = check_host(&config, stdout, &err);
		if (rc != 0)
			fprintf(stderr, "reapq-worker: %s\n", err.msg);
		config_free(&config);
		return rc == 0 ? 0 : 1;
	}
	rc = supervisor_run(&config, &err);
	if (rc != 0)
		log_event(LOG_ERROR, "worker_failed", "why=%s", log_quote(err.msg));
	config_free(&config);
	return rc == 0 ? 0 : 1;
}
