/*
 * file_budget.c - counts before anything is opened.
 *
 * Running out later would cost tasks. The figures are measured, and rounded up.
 */
#include "file_budget.h"

#include "log.h"
#include <sys/resource.h>

/* Its cgroups' files, kept open so that reading is cheap. */
#define OF_A_SLOT 18
#define OF_A_CHILD 5
#define OF_THE_WORKER 128

void
file_budget_fit(struct config *config)
{
	struct rlimit files;
	rlim_t children = (rlim_t)config->concurrency + (rlim_t)config->warm;
	rlim_t need = children * (OF_A_SLOT + OF_A_CHILD) + OF_THE_WORKER;

	if (config->isolation != ISOLATION_AUTO ||
	    getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= need)
		return;
	config->isolation = ISOLATION_D;
	log_event(LOG_WARN, "too_few_files", "have=%llu need=%llu cure=%s",
	    (unsigned long long)files.rlim_cur, (unsigned long long)need,
	    "\"raise ulimit -n or lower --concurrency; until then no cgroups\"");
}
