/* sandbox_probe.h - tries a plan in a process of its own, with the runner's own code. */
#ifndef WORKER_SANDBOX_PROBE_H
#define WORKER_SANDBOX_PROBE_H

#include "runner/sandbox_plan.h"
#include <reapq/error.h>

/* uid: for a plan with as_users. 0 if every step worked and the process can be killed and
 * its gene read; else ESYS, with the step. Blocks until it is reaped. */
int sandbox_probe(
    const struct sandbox_plan *plan, uint32_t uid, struct reapq_error *err);

#endif
