/*
 * isolation_pool.c - owns the slots that are free, and makes, lends and takes back.
 *
 * Invariants: a slot is one child's from isolation_pool_take on, and empty when it is in
 * the pool. Counters are never reset; what a task did is the difference. A slot that would
 * blur the next task's evidence is made anew, under another name, when it is given back:
 * later there is a warm child in it. No pid is moved, but where that could not be known.
 */
#include "isolation_pool.h"

#include "cgroup_v1.h"
#include "cgroup_v2.h"
#include "error.h"
#include "kernel_log.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* What a limited task may find charged to its cgroup by those before it. */
#define RESIDUE_MAX ((int64_t)1 << 20)
/* A warm child lives in less, with what the kernel charges ahead. Below it a limit can
 * kill the child before it has its task. */
#define ROOM ((int64_t)8 << 20)
#define ENTRY_MS 2000 /* from the fork to the last door */

void
isolation_pool_init(
    struct isolation_pool *p, const struct cgroup_homes *homes, bool v1, bool memory)
{
	memset(p, 0, sizeof(*p));
	SLIST_INIT(&p->free);
	p->homes = homes;
	p->v1 = v1;
	p->memory = memory;
}

/* ---- making ---------------------------------------------------------------------- */

/* Never of a name that was there before: what would not die may still be in that. */
static int
make(struct isolation_pool *p, struct isolation_slot *slot, struct reapq_error *err)
{
	static const struct cgroup_counters none = CGROUP_COUNTERS_NONE;
	char name[24];
	int rc;

	snprintf(name, sizeof(name), "slot-%u", p->made++);
	rc = p->v1 ? cgroup_v1_make_slot(&slot->cg, p->homes, name, err)
		   : cgroup_v2_make_slot(&slot->cg, p->homes, name, err);
	slot->last = none;
	slot->clean = true;
	if (rc == 0)
		cgroup_slot_read(&slot->cg, true, &slot->last);
	return rc;
}

int
isolation_pool_limit(struct isolation_pool *p, struct isolation_slot *slot,
    int64_t memory, int64_t processes, struct reapq_error *err)
{
	return p->v1 ? cgroup_v1_limit(&slot->cg, memory, processes, err)
		     : cgroup_v2_limit(&slot->cg, memory, processes, err);
}

struct isolation_slot *
isolation_pool_take(struct isolation_pool *p, struct reapq_error *err)
{
	struct isolation_slot *slot = SLIST_FIRST(&p->free);

	if (slot != NULL) {
		SLIST_REMOVE_HEAD(&p->free, link);
	} else {
		slot = calloc(1, sizeof(*slot));
		if (slot == NULL) {
			(void)error_set(err, REAPQ_ENOMEM, "no memory for a slot");
			return NULL;
		}
		if (make(p, slot, err) != 0) {
			free(slot);
			return NULL;
		}
	}
	slot->busy = slot->limited = slot->crowded = slot->killed = false;
	slot->cpu_us = -1;
	/* A move costs, and only limits need it there. */
	slot->in_pids = p->limits_seen;
	return slot;
}

int
isolation_pool_prepare(struct isolation_pool *p, int n, struct reapq_error *err)
{
	for (int i = 0; i < n; i++) {
		struct isolation_slot *slot = calloc(1, sizeof(*slot));

		if (slot == NULL)
			return error_set(err, REAPQ_ENOMEM, "no memory for a slot");
		if (make(p, slot, err) != 0) {
			free(slot);
			return err->code;
		}
		SLIST_INSERT_HEAD(&p->free, slot, link);
	}
	return 0;
}

void
isolation_pool_drop(struct isolation_slot *slot)
{
	if (slot == NULL)
		return;
	cgroup_slot_remove(&slot->cg);
	free(slot);
}

void
isolation_pool_free(struct isolation_pool *p)
{
	struct isolation_slot *slot;

	while ((slot = SLIST_FIRST(&p->free)) != NULL) {
		SLIST_REMOVE_HEAD(&p->free, link);
		isolation_pool_drop(slot);
	}
}

/* ---- a task ---------------------------------------------------------------------- */

/* What is left there counts against the limit; a peak that the kernel cannot begin anew
 * would hide this task's. */
static bool
is_used(const struct isolation_slot *slot)
{
	return cgroup_slot_usage(&slot->cg) > RESIDUE_MAX ||
	       (!slot->cg.peak_reset && slot->last.peak > RESIDUE_MAX);
}

static bool
is_dead(pid_t pid)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       si.si_pid == pid;
}

/* Moved before it has come in by itself, it would go back. 1: it is dead. */
static int
await_entry(const struct isolation_slot *slot, pid_t pid, struct reapq_error *err)
{
	for (int i = 0; i < ENTRY_MS && !cgroup_slot_has(&slot->cg, pid); i++) {
		if (is_dead(pid))
			return 1;
		(void)poll(NULL, 0, 1);
	}
	return cgroup_slot_has(&slot->cg, pid)
		   ? 0
		   : error_set(err, REAPQ_ESYS, "process %d does not come into %s",
			 (int)pid, slot->cg.tree.path);
}

/* As it was before children were born in their cgroups: the limits, then the process. */
static int
move(struct isolation_pool *p, struct isolation_slot *slot, pid_t pid, int64_t memory,
    int64_t processes, struct reapq_error *err)
{
	struct cgroup_slot old = slot->cg;
	int rc = await_entry(slot, pid, err);

	if (rc != 0)
		return rc > 0 ? 0 : rc; /* its pidfd will tell */
	if ((rc = make(p, slot, err)) != 0) {
		slot->cg = old;
		return rc;
	}
	rc = isolation_pool_limit(p, slot, memory, processes, err);
	if (rc == 0) {
		int sys = cgroup_slot_enter(&slot->cg, pid, slot->limited);

		if (sys != 0 && sys != -ESRCH)
			rc = error_sys(err, -sys, "cannot put process %d into %s",
			    (int)pid, slot->cg.tree.path);
	}
	cgroup_slot_remove(&old);
	return rc;
}

static int
join_pids(const struct isolation_slot *slot, pid_t pid, struct reapq_error *err)
{
	int rc = cgroup_slot_enter_pids(&slot->cg, pid);

	return rc == 0 || rc == -ESRCH
		   ? 0
		   : error_sys(err, -rc, "cannot put process %d into cgroup %s",
			 (int)pid, slot->cg.pids.path);
}

int
isolation_pool_admit(struct isolation_pool *p, struct isolation_slot *slot, pid_t pid,
    int64_t memory, int64_t processes, struct reapq_error *err)
{
	bool fresh;
	int rc = 0;

	slot->busy = true;
	slot->limited = memory >= 0 || processes >= 0;
	p->memory_seen = p->memory_seen || memory >= 0;
	p->limits_seen = p->limits_seen || slot->limited;
	fresh = p->memory && memory >= 0 &&
		(memory < ROOM || (!slot->clean && is_used(slot)));
	if (fresh || isolation_pool_limit(p, slot, memory, processes, NULL) != 0)
		rc = move(p, slot, pid, memory, processes, err);
	else if (slot->limited && p->v1 && !slot->in_pids)
		rc = join_pids(slot, pid, err);
	if (rc == 0)
		cgroup_slot_reset_peak(&slot->cg);
	return rc;
}

/* ---- the end of one -------------------------------------------------------------- */

/* So that the next child can be born in it. */
static int
lift(struct isolation_pool *p, struct isolation_slot *slot)
{
	const struct cgroup_slot *cg = &slot->cg;
	bool narrow = cg->memory_max != -1 && cg->memory_max < ROOM;

	return narrow ? isolation_pool_limit(p, slot, -1, cg->pids_max, NULL) : 0;
}

/* Without a witness, only a cgroup that never held two processes shows which it was. */
static bool
needs_solitude(const struct isolation_pool *p, const struct isolation_slot *slot)
{
	return p->memory && !slot->cg.group_kill && (slot->limited || slot->in_pids) &&
	       !kernel_log_readable();
}

static bool
is_blurred(struct isolation_pool *p, struct isolation_slot *slot)
{
	if (needs_solitude(p, slot) && slot->last.pids_peak > 1)
		return true;
	/* The next task may not share it with what would not die. And what is forked into
	 * a cgroup where cgroup.kill was used dies at its birth on some kernels (6.18). */
	if (slot->crowded || slot->killed || !slot->busy)
		return true;
	slot->clean = p->memory_seen;
	return p->memory && p->memory_seen && is_used(slot);
}

void
isolation_pool_give(struct isolation_pool *p, struct isolation_slot *slot)
{
	if (slot == NULL)
		return;
	if (!slot->limited && needs_solitude(p, slot))
		cgroup_slot_read(&slot->cg, true, &slot->last);
	if (is_blurred(p, slot) || lift(p, slot) != 0)
		isolation_pool_purge(p, slot);
	else
		SLIST_INSERT_HEAD(&p->free, slot, link);
}

void
isolation_pool_purge(struct isolation_pool *p, struct isolation_slot *slot)
{
	if (slot == NULL)
		return;
	cgroup_slot_remove(&slot->cg);
	if (make(p, slot, NULL) != 0)
		free(slot);
	else
		SLIST_INSERT_HEAD(&p->free, slot, link);
}
