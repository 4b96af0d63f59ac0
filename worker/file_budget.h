/* file_budget.h - are there descriptors enough for what the worker would like to hold? */
#ifndef WORKER_FILE_BUDGET_H
#define WORKER_FILE_BUDGET_H

#include "config.h"

/* Lets go of cgroups, with a line in the log, where the tier is this worker's to choose and
 * a cgroup a slot would leave no descriptors for children. */
void file_budget_fit(struct config *config);

#endif
