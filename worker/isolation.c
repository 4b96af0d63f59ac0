/*
 * isolation.c - owns the tier, the homes and the pool of slots.
 *
 * Invariants: a slot is one task's from isolation_enter to isolation_leave, and empty when
 * it is in the pool. Counters are never reset; what a task did is the difference. A slot
 * that would blur the next task's evidence is made anew instead.
 */
#include "isolation.h"

#include "cgroup_shared.h"
#include "cgroup_v1.h"
#include "cgroup_v2.h"
#include "clock.h"
#include "error.h"
#include "isolation_probe.h"
#include "kernel_log.h"
#include "log.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define SHARED_MS 20
/* What a limited task may find charged to its cgroup by those before it. */
#define RESIDUE_MAX ((int64_t)1 << 20)

struct isolation_slot {
	SLIST_ENTRY(isolation_slot) link;
	struct cgroup_slot cg;
	char name[24];
	struct cgroup_counters last; /* of a task: before it */
	int64_t cpu_us;              /* when the task entered; -1: not asked for */
	bool limited;                /* so that counters of limits may rise */
	bool crowded;                /* somebody was left in it */
};

struct isolation {
	enum isolation_tier tier;
	struct cgroup_homes homes;
	struct cgroup_shared shared;
	struct cgroup_counters shared_now; /* as of shared_ms */
	int64_t shared_ms;
	int shared_unexplained;
	SLIST_HEAD(, isolation_slot) pool;
	unsigned made;
	int unexplained; /* deaths by a SIGKILL of nobody known, up to now */
	struct isolation_probe probe;
};

const char *
isolation_name(const struct isolation *iso)
{
	return isolation_tier_name(iso->tier, iso->shared.oom_group);
}

bool
isolation_limits_memory(const struct isolation *iso)
{
	return iso->tier == ISOLATION_A || iso->tier == ISOLATION_B;
}

bool
isolation_limits_processes(const struct isolation *iso)
{
	return iso->tier == ISOLATION_B ? iso->homes.pids.fd >= 0
					: iso->tier == ISOLATION_A && iso->probe.pids;
}

/* ---- slots --------------------------------------------------------------------- */

static int
make(struct isolation *iso, struct isolation_slot *slot, struct reapq_error *err)
{
	static const struct cgroup_counters none = CGROUP_COUNTERS_NONE;
	int rc = iso->tier == ISOLATION_B
		     ? cgroup_v1_make_slot(&slot->cg, &iso->homes, slot->name, err)
		     : cgroup_v2_make_slot(&slot->cg, &iso->homes, slot->name, err);

	slot->last = none;
	if (rc == 0)
		cgroup_slot_read(&slot->cg, true, &slot->last);
	return rc;
}

static int
limit(struct isolation *iso, struct isolation_slot *slot, int64_t memory,
    int64_t processes, struct reapq_error *err)
{
	return iso->tier == ISOLATION_B
		   ? cgroup_v1_limit(&slot->cg, memory, processes, err)
		   : cgroup_v2_limit(&slot->cg, memory, processes, err);
}

/* NULL: err says why. */
static struct isolation_slot *
take_slot(struct isolation *iso, struct reapq_error *err)
{
	struct isolation_slot *slot = SLIST_FIRST(&iso->pool);

	if (slot != NULL) {
		SLIST_REMOVE_HEAD(&iso->pool, link);
		return slot;
	}
	slot = calloc(1, sizeof(*slot));
	if (slot == NULL) {
		(void)error_set(err, REAPQ_ENOMEM, "no memory for a slot");
		return NULL;
	}
	snprintf(slot->name, sizeof(slot->name), "slot-%u", iso->made++);
	if (make(iso, slot, err) != 0) {
		free(slot);
		return NULL;
	}
	return slot;
}

int
isolation_prepare(struct isolation *iso, int n, struct reapq_error *err)
{
	struct isolation_slot *slots[128];
	int rc, have = 0;

	if (iso->tier == ISOLATION_C || iso->tier == ISOLATION_D)
		return 0;
	n = n < 128 ? n : 128;
	while (have < n && (slots[have] = take_slot(iso, err)) != NULL)
		have++;
	rc = have < n ? REAPQ_ESYS : 0;
	while (have > 0) {
		have--;
		SLIST_INSERT_HEAD(&iso->pool, slots[have], link);
	}
	return rc;
}

static void
free_slot(struct isolation_slot *slot)
{
	if (slot == NULL)
		return;
	cgroup_slot_remove(&slot->cg);
	free(slot);
}

static int
renew(struct isolation *iso, struct isolation_slot *slot, struct reapq_error *err)
{
	cgroup_slot_remove(&slot->cg);
	return make(iso, slot, err);
}

/* ---- counters -------------------------------------------------------------------- */

/* Read no more often than it may change much; what lies between is counted in, on both
 * sides of a comparison. */
static void
refresh_shared(struct isolation *iso)
{
	int64_t now = clock_mono_ms();

	if (iso->shared_ms != 0 && now - iso->shared_ms < SHARED_MS)
		return;
	iso->shared_ms = now;
	iso->shared_unexplained = iso->unexplained;
	cgroup_shared_read(&iso->shared, &iso->shared_now);
}

void
isolation_read(struct isolation *iso, struct isolation_slot *slot, pid_t pid,
    int64_t started_ms, bool unexplained, struct judge_cgroup *reading)
{
	struct judge_cgroup *r = reading;
	bool oom;

	iso->unexplained += unexplained;
	r->killed = iso->unexplained - r->killed;
	r->after = r->before;
	if (slot != NULL)
		cgroup_slot_read(&slot->cg, slot->limited, &r->after);
	oom = r->own && r->after.oom_kill > r->before.oom_kill;
	if (r->shared && (unexplained || oom))
		cgroup_shared_read(&iso->shared, &r->shared_after);
	else
		r->shared = false;
	if (slot == NULL)
		return;
	slot->last = r->after;
	r->has_peak = slot->cg.peak_reset || r->after.peak > r->before.peak;
	r->alone = slot->limited && r->after.pids_peak == 1;
	if (oom)
		r->logged = kernel_log_names_victim(pid, started_ms);
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

static int
enter(struct isolation *iso, struct isolation_slot *slot, pid_t pid, int64_t memory,
    int64_t processes, struct reapq_error *err)
{
	int rc;

	if (memory >= 0 && is_used(slot) && (rc = renew(iso, slot, err)) != 0)
		return rc;
	rc = limit(iso, slot, memory, processes, err);
	if (rc != 0 && (rc = renew(iso, slot, err)) == 0)
		rc = limit(iso, slot, memory, processes, err);
	if (rc != 0)
		return rc;
	slot->limited = memory >= 0 || processes >= 0;
	cgroup_slot_reset_peak(&slot->cg);
	rc = cgroup_slot_enter(&slot->cg, pid, slot->limited);
	/* ESRCH: it is dead already, which its pidfd will tell */
	return rc == 0 || rc == -ESRCH
		   ? 0
		   : error_sys(err, -rc, "cannot put process %d into cgroup %s",
			 (int)pid, slot->name);
}

int
isolation_enter(struct isolation *iso, pid_t pid, const struct reapq_limits *limits,
    struct isolation_slot **ret_slot, struct judge_cgroup *ret_reading,
    struct reapq_error *err)
{
	struct judge_cgroup *r = ret_reading;
	struct isolation_slot *slot = NULL;
	int rc;

	*ret_slot = NULL;
	r->v2 = r->shared_v2 = iso->shared.v2;
	r->shared = iso->shared.events_fd >= 0;
	if (r->shared)
		refresh_shared(iso);
	r->killed = r->shared ? iso->shared_unexplained : iso->unexplained;
	r->shared_before = iso->shared_now;
	if (iso->tier == ISOLATION_C || iso->tier == ISOLATION_D)
		return 0;
	slot = take_slot(iso, err);
	if (slot == NULL)
		return REAPQ_ESYS;
	if ((rc = enter(iso, slot, pid, limits->memory, limits->processes, err)) != 0) {
		free_slot(slot);
		return rc;
	}
	r->own = isolation_limits_memory(iso);
	r->v2 = iso->tier != ISOLATION_B;
	r->group_kill = slot->cg.group_kill;
	r->before = slot->last;
	slot->crowded = false;
	slot->cpu_us = limits->cpu_ms >= 0 ? cgroup_slot_cpu_us(&slot->cg) : -1;
	*ret_slot = slot;
	return 0;
}

int
isolation_kill(struct isolation_slot *slot)
{
	int n = slot == NULL ? 0 : cgroup_slot_count(&slot->cg);

	if (n <= 0)
		return 0;
	slot->crowded = true;
	cgroup_slot_kill(&slot->cg);
	n = cgroup_slot_count(&slot->cg);
	return n > 0 ? n : 0;
}

int
isolation_processes(const struct isolation_slot *slot, pid_t *pids, int cap)
{
	return slot == NULL
		   ? -1
		   : cgroup_dir_procs(slot->cg.fd[CGROUP_TREE_PROCS], pids, cap);
}

int64_t
isolation_cpu_ms(const struct isolation_slot *slot)
{
	int64_t now;

	if (slot == NULL || slot->cpu_us < 0)
		return -1;
	now = cgroup_slot_cpu_us(&slot->cg);
	return now < 0 ? -1 : (now - slot->cpu_us) / 1000;
}

void
isolation_leave(struct isolation *iso, struct isolation_slot *slot)
{
	bool blurred;

	if (slot == NULL)
		return;
	/* What it left behind may have raised counters after its death. */
	if (slot->crowded)
		cgroup_slot_read(&slot->cg, true, &slot->last);
	/* With a witness, a cgroup that has held several processes is as good as new. */
	blurred = slot->limited && slot->last.pids_peak > 1 && !slot->cg.group_kill &&
		  isolation_limits_memory(iso) && !kernel_log_readable();
	/* Nor may the next task share it with what would not die. */
	blurred = blurred || (slot->crowded && cgroup_slot_count(&slot->cg) > 0);
	if (blurred && renew(iso, slot, NULL) != 0) {
		free(slot);
		return;
	}
	SLIST_INSERT_HEAD(&iso->pool, slot, link);
}

/* ---- the tier --------------------------------------------------------------------- */

static void
close_homes(struct cgroup_homes *homes)
{
	cgroup_v2_undelegate(homes);
	cgroup_dir_remove(&homes->tree);
	cgroup_dir_remove(&homes->memory);
	cgroup_dir_remove(&homes->pids);
}

/* One tier by doing all that it needs to. */
static bool
try_tier(struct isolation *iso, enum isolation_tier tier, const char *name)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct isolation_slot *slot = NULL;
	int rc;

	iso->tier = tier;
	if (tier == ISOLATION_B) {
		rc = cgroup_v1_open(&iso->homes, name, &err);
		/* v2 without controllers is the better killer, where there is one */
		if (rc == 0 && cgroup_v2_open_tree(&iso->homes, name, NULL) != 0)
			rc = cgroup_v1_open_freezer(&iso->homes, name, &err);
	} else {
		rc = cgroup_v2_open_tree(&iso->homes, name, &err);
		if (rc == 0 && tier == ISOLATION_A)
			rc = cgroup_v2_delegate(&iso->homes, &err);
	}
	if (rc == 0 && (slot = take_slot(iso, &err)) == NULL)
		rc = REAPQ_ESYS;
	if (slot != NULL) {
		rc = limit(iso, slot, (int64_t)64 << 20, 64, &err);
		if (rc == 0)
			rc = isolation_probe_slot(
			    &iso->probe, &slot->cg, isolation_limits_memory(iso), &err);
		free_slot(slot);
	}
	isolation_probe_tier(&iso->probe, isolation_name(iso), rc == 0, err.msg);
	if (rc != 0)
		close_homes(&iso->homes);
	return rc == 0;
}

static void
find(struct isolation *iso, enum isolation_tier wanted, const char *name)
{
	static const enum isolation_tier order[] = {
	    ISOLATION_A, ISOLATION_B, ISOLATION_A0};
	char v1[CGROUP_DIR_PATH_MAX] = "", v2[CGROUP_DIR_PATH_MAX] = "";
	bool found = false;

	(void)cgroup_dir_own("memory", v1, sizeof(v1));
	(void)cgroup_dir_own("", v2, sizeof(v2));
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && !found; i++)
		if (wanted == ISOLATION_AUTO || wanted == order[i])
			found = try_tier(iso, order[i], name);
	if (!found)
		iso->tier = ISOLATION_D;
	if (wanted == ISOLATION_D)
		return;
	if (cgroup_shared_open(&iso->shared, v1, v2, isolation_limits_memory(iso))) {
		isolation_probe_tier(&iso->probe, "C", true, "");
		if (!found)
			iso->tier = ISOLATION_C;
	} else {
		isolation_probe_tier(&iso->probe, "C", false,
		    "no memory counters of the cgroup that this worker is in");
	}
}

int
isolation_new(struct isolation **ret_iso, enum isolation_tier wanted, const char *name,
    struct reapq_error *err)
{
	struct isolation *iso = calloc(1, sizeof(*iso));
	static const struct cgroup_homes none = CGROUP_HOMES_NONE;

	if (iso == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	iso->homes = none;
	cgroup_shared_init(&iso->shared);
	SLIST_INIT(&iso->pool);
	find(iso, wanted, name);
	if (wanted != ISOLATION_AUTO && iso->tier != wanted) {
		(void)error_set(err, REAPQ_ESYS,
		    "--isolation asks for a tier that this host does not give: %s",
		    isolation_why(iso));
		isolation_free(iso);
		return REAPQ_ESYS;
	}
	iso->probe.forced = wanted != ISOLATION_AUTO;
	if (isolation_limits_memory(iso))
		kernel_log_open();
	*ret_iso = iso;
	return 0;
}

void
isolation_free(struct isolation *iso)
{
	struct isolation_slot *slot;

	if (iso == NULL)
		return;
	while ((slot = SLIST_FIRST(&iso->pool)) != NULL) {
		SLIST_REMOVE_HEAD(&iso->pool, link);
		free_slot(slot);
	}
	close_homes(&iso->homes);
	kernel_log_close();
	cgroup_shared_close(&iso->shared);
	free(iso);
}

const char *
isolation_why(const struct isolation *iso)
{
	return isolation_probe_why(&iso->probe, isolation_name(iso));
}

const char *
isolation_cure(const struct isolation *iso)
{
	return isolation_probe_cure(&iso->probe, isolation_name(iso));
}

void
isolation_log(const struct isolation *iso)
{
	bool best = isolation_limits_memory(iso) || iso->probe.forced;
	char why[1024];

	/* log_quote has one buffer */
	snprintf(why, sizeof(why), "%s", log_quote(isolation_why(iso)));
	log_event(best ? LOG_INFO : LOG_WARN, "isolation", "tier=%s why=%s cure=%s",
	    isolation_name(iso), why, log_quote(isolation_cure(iso)));
}

void
isolation_print(const struct isolation *iso, FILE *out)
{
	isolation_probe_print(&iso->probe, isolation_name(iso), out);
	if (isolation_limits_memory(iso))
		isolation_probe_row(out, "kernel log readable", kernel_log_readable(),
		    kernel_log_readable() ? "it names the victims of OOM kills"
					  : "a task of several processes that is "
					    "OOM-killed is \"likely\" "
					    "on v1");
}

void
isolation_oom_test(struct isolation *iso, FILE *out)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct isolation_slot *slot = NULL;
	int rc;

	if (!isolation_limits_memory(iso)) {
		isolation_probe_row(out, "OOM kill counted", false,
		    "this tier has no memory counter of a task's own");
		return;
	}
	slot = take_slot(iso, &err);
	rc = slot == NULL ? REAPQ_ESYS : limit(iso, slot, (int64_t)8 << 20, -1, &err);
	if (rc == 0 && slot != NULL)
		rc = isolation_probe_oom(&slot->cg, &err);
	isolation_probe_row(out, "OOM kill counted", rc == 0, rc == 0 ? "" : err.msg);
	free_slot(slot);
}
