/* judge_oomd.h - the rows for a death by systemd-oomd's SIGKILL. Pure. */
#ifndef WORKER_JUDGE_OOMD_H
#define WORKER_JUDGE_OOMD_H

#include <stdbool.h>
#include <stddef.h>

struct judge_evidence;
struct judge_finding;

/* Its own cgroup was marked: verdict oom, proved. */
bool judge_oomd_own(const struct judge_evidence *e, struct judge_finding *f);

/* The one that all share was: likely, as that kill should have taken this worker too. */
bool judge_oomd_shared(const struct judge_evidence *e, struct judge_finding *f);

/* The message of either; its length, 0 if it is neither. */
int judge_oomd_message(const struct judge_evidence *e, char *to, size_t cap);

void judge_oomd_evidence(const struct judge_evidence *e, struct judge_finding *f);

#endif
