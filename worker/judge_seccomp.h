/* judge_seccomp.h - SIGSYS: was it the worker's seccomp profile, and for which call? Pure. */
#ifndef WORKER_JUDGE_SECCOMP_H
#define WORKER_JUDGE_SECCOMP_H

#include "judge.h"

/* The row for SIGSYS by a filter; false: it does not apply. */
bool judge_seccomp(const struct judge_evidence *e, struct judge_finding *f);

/* "the seccomp profile default does not allow the system call ptrace (101)"; false: this
 * death is none of a filter's. */
bool judge_seccomp_cause(const struct judge_evidence *e, char *buf, size_t cap);

/* What the evidence says of it; false: nothing. */
bool judge_seccomp_evidence(const struct judge_evidence *e, char *buf, size_t cap);

#endif
