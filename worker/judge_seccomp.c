/*
 * judge_seccomp.c - the row for SIGSYS, and its words.
 *
 * With the crash record the kernel's own word for it is there (SYS_SECCOMP and the number
 * of the call). An exec takes the record's handler away: then the profile in force is the
 * likely cause, as a SIGSYS has hardly any other, but anybody may send one.
 */
#include "judge_seccomp.h"

#include "seccomp_profile.h"
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define FILTER_CODE 1 /* SYS_SECCOMP */

static bool
by_sigsys(const struct judge_evidence *e)
{
	return e->wait_code != CLD_EXITED && e->wait_status == SIGSYS;
}

static bool
has_record(const struct judge_evidence *e)
{
	return e->crash != NULL && e->crash->seen && !e->crash->asked;
}

static bool
told_by_record(const struct judge_evidence *e)
{
	return by_sigsys(e) && has_record(e) && e->crash->code == FILTER_CODE;
}

static bool
guessed(const struct judge_evidence *e)
{
	return by_sigsys(e) && !has_record(e) && e->seccomp != NULL;
}

bool
judge_seccomp(const struct judge_evidence *e, struct judge_finding *f)
{
	if (!told_by_record(e) && !guessed(e))
		return false;
	f->verdict = REAPQ_V_SIGNAL;
	f->certainty = guessed(e) ? REAPQ_LIKELY : REAPQ_PROVED;
	return true;
}

bool
judge_seccomp_cause(const struct judge_evidence *e, char *buf, size_t cap)
{
	char call[96];

	if (guessed(e)) {
		snprintf(buf, cap,
		    "probably a system call that the seccomp profile %s does not "
		    "allow (which one is not visible: %s)",
		    e->seccomp,
		    e->is_exec ? "a command leaves no crash record"
			       : "there is no crash record");
		return true;
	}
	if (!told_by_record(e))
		return false;
	(void)seccomp_profile_call_name(
	    e->crash->syscall, e->crash->arch, call, sizeof(call));
	if (e->seccomp != NULL)
		snprintf(buf, cap,
		    "the seccomp profile %s does not allow the system call %s",
		    e->seccomp, call);
	else
		snprintf(buf, cap,
		    "a seccomp filter that is not this worker's does not allow the "
		    "system call %s",
		    call);
	return true;
}

bool
judge_seccomp_evidence(const struct judge_evidence *e, char *buf, size_t cap)
{
	char call[96];

	if (told_by_record(e))
		snprintf(buf, cap, "%s; profile in force: %s",
		    seccomp_profile_call_name(
			e->crash->syscall, e->crash->arch, call, sizeof(call)),
		    e->seccomp != NULL ? e->seccomp : "none of this worker's");
	else if (guessed(e))
		snprintf(buf, cap, "not visible; profile in force: %s", e->seccomp);
	else
		return false;
	return true;
}
