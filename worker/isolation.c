/*
 * isolation.c - owns the tier and the homes, and reads the counters.
 *
 * Invariants: a slot is one child's from isolation_reserve to isolation_leave, and its
 * task's from isolation_enter on. Counters are never reset; what a task did is the
 * difference.
 */
#include "isolation.h"

#include "cgroup_shared.h"
#include "cgroup_v1.h"
#include "cgroup_v2.h"
#include "clock.h"
#include "error.h"
#include "isolation_pool.h"
#include "isolation_probe.h"
#include "kernel_log.h"
#include "log.h"
#include <stdlib.h>
#include <string.h>

#define SHARED_MS 20
struct isolation {
	enum isolation_tier tier;
	struct cgroup_homes homes;
	struct cgroup_shared shared;
	struct cgroup_counters shared_now; /* as of shared_ms */
	int64_t shared_ms;
	int shared_unexplained;
	struct isolation_pool pool;
	int unexplained; /* deaths by a SIGKILL of nobody known, up to now */
	struct isolation_probe probe;
};

const char *
isolation_name(const struct isolation *iso)
{
	return isolation_tier_name(iso->tier, iso->shared.oom_group);
}

int64_t
isolation_fatal_limit(const struct isolation *iso)
{
	return iso->tier == ISOLATION_C && iso->shared.oom_group
		   ? cgroup_shared_limit(&iso->shared)
		   : -1;
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

static bool
has_slots(const struct isolation *iso)
{
	return iso->tier != ISOLATION_C && iso->tier != ISOLATION_D;
}

int
isolation_prepare(struct isolation *iso, int n, struct reapq_error *err)
{
	return has_slots(iso) ? isolation_pool_prepare(&iso->pool, n, err) : 0;
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
	slot->killed = unexplained && !oom;
	r->has_peak = slot->cg.peak_reset || r->after.peak > r->before.peak;
	r->alone = slot->limited && r->after.pids_peak == 1;
	if (oom)
		r->logged = kernel_log_names_victim(pid, started_ms);
}

/* ---- a task ---------------------------------------------------------------------- */

int
isolation_reserve(
    struct isolation *iso, struct isolation_slot **ret_slot, struct reapq_error *err)
{
	*ret_slot = has_slots(iso) ? isolation_pool_take(&iso->pool, err) : NULL;
	return *ret_slot != NULL || !has_slots(iso) ? 0 : REAPQ_ESYS;
}

int
isolation_doors(
    const struct isolation_slot *slot, int fds[ISOLATION_DOORS_MAX], bool *ret_into)
{
	*ret_into = false;
	return slot == NULL
		   ? 0
		   : cgroup_slot_doors(&slot->cg, slot->in_pids, fds, ret_into);
}

int
isolation_enter(struct isolation *iso, struct isolation_slot *slot, pid_t pid,
    const struct reapq_limits *limits, struct judge_cgroup *ret_reading,
    struct reapq_error *err)
{
	struct judge_cgroup *r = ret_reading;
	int rc;

	r->v2 = r->shared_v2 = iso->shared.v2;
	r->shared = iso->shared.events_fd >= 0;
	if (r->shared)
		refresh_shared(iso);
	r->killed = r->shared ? iso->shared_unexplained : iso->unexplained;
	r->shared_before = iso->shared_now;
	if (slot == NULL)
		return 0;
	rc = isolation_pool_admit(
	    &iso->pool, slot, pid, limits->memory, limits->processes, err);
	if (rc != 0)
		return rc;
	r->own = isolation_limits_memory(iso);
	r->v2 = iso->tier != ISOLATION_B;
	r->group_kill = slot->cg.group_kill;
	r->before = slot->last;
	slot->cpu_us = limits->cpu_ms >= 0 ? cgroup_slot_cpu_us(&slot->cg) : -1;
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
isolation_leave(struct isolation *iso, struct isolation_slot *slot, bool gone)
{
	if (gone)
		isolation_pool_give(&iso->pool, slot);
	else
		isolation_pool_purge(&iso->pool, slot);
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
	isolation_pool_init(
	    &iso->pool, &iso->homes, tier == ISOLATION_B, isolation_limits_memory(iso));
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
	if (rc == 0 && (slot = isolation_pool_take(&iso->pool, &err)) == NULL)
		rc = REAPQ_ESYS;
	if (slot != NULL) {
		rc =
		    isolation_pool_limit(&iso->pool, slot, (int64_t)64 << 20, 64, &err);
		if (rc == 0)
			rc = isolation_probe_slot(
			    &iso->probe, &slot->cg, isolation_limits_memory(iso), &err);
		isolation_pool_drop(slot);
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
	if (iso == NULL)
		return;
	isolation_pool_free(&iso->pool);
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

static void
print_birth(struct isolation *iso, FILE *out)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct isolation_slot *slot = isolation_pool_take(&iso->pool, &err);
	bool born = slot != NULL && isolation_probe_birth(&slot->cg, &err) == 0;

	isolation_probe_row(out, "children are born in their cgroup", born,
	    !born          ? err.msg
	    : iso->pool.v1 ? "by clone3 in v2's; into v1's each writes itself"
			   : "by clone3");
	isolation_pool_drop(slot);
}

void
isolation_print(struct isolation *iso, FILE *out)
{
	isolation_probe_print(&iso->probe, isolation_name(iso), out);
	if (has_slots(iso))
		print_birth(iso, out);
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
	slot = isolation_pool_take(&iso->pool, &err);
	rc = slot == NULL
		 ? REAPQ_ESYS
		 : isolation_pool_limit(&iso->pool, slot, (int64_t)8 << 20, -1, &err);
	if (rc == 0 && slot != NULL)
		rc = isolation_probe_oom(&slot->cg, &err);
	isolation_probe_row(out, "OOM kill counted", rc == 0, rc == 0 ? "" : err.msg);
	isolation_pool_drop(slot);
}
