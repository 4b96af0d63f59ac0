/*
 * attempt_watch.c - owns the timer of one attempt's watch.
 *
 * Two steps for memory: the sum of what is resident costs microseconds and is too high if
 * at all, so only where that is over the limit the exact figure is read. What is reported
 * is the exact one.
 */
#include "attempt_watch.h"

#include "check.h"
#include "clock.h"
#include "tree_usage.h"
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#define MEMORY_US 10000
#define CPU_US 50000
#define CPU_EVERY (CPU_US / MEMORY_US)
#define EXACT_EVERY 5 /* looks, as long as the exact figure is below the limit */
#define PROCESSES_MAX 8192
/* A look at so many costs a millisecond or two; at more it comes less often. */
#define PROCESSES_A_LOOK 512
/* The kernel ends a single process a second after its limit; that is its business. */
#define CPU_SLACK_MS 1100

struct attempt_watch {
	struct attempt *attempt;
	struct event *ev;
	bool memory, cpu;
	int skip;       /* looks at memory to leave out */
	int looks;      /* until the exact figure is wanted again */
	int64_t cpu_ms; /* most that was seen of the tree's */
	int64_t cpus;
	int rest; /* looks at memory, of which CPU_EVERY make one at the CPU */
};

static void
look_at_memory(struct attempt_watch *w)
{
	static pid_t pids[PROCESSES_MAX];
	struct attempt *a = w->attempt;
	struct judge_cgroup *c = &a->evidence.cgroup;
	int64_t limit = a->limits.memory, used;
	int n = isolation_processes(a->slot, pids, PROCESSES_MAX);

	if (n < 0)
		n = tree_usage_processes(
		    child_pid(a->child), child_gen(a->child), pids, PROCESSES_MAX);
	w->skip = n / PROCESSES_A_LOOK;
	if (tree_usage_resident(pids, n) <= limit || w->looks-- > 0)
		return;
	w->looks = EXACT_EVERY;
	used = tree_usage_exact(pids, n);
	if (used > c->measured)
		c->measured = used;
	if (used > limit)
		attempt_stop(a, JUDGE_MEMORY_WATCH, "", true);
}

/* Without a cgroup that counts it; what was seen once has been used, whoever is gone. */
static int64_t
tree_cpu_ms(struct attempt_watch *w)
{
	static pid_t pids[PROCESSES_MAX];
	struct attempt *a = w->attempt;
	int64_t used;
	int n;

	/* It cannot have used more than all processors had to give. */
	if ((clock_mono_ms() - a->started_ms) * w->cpus <= a->limits.cpu_ms)
		return 0;
	n = tree_usage_processes(
	    child_pid(a->child), child_gen(a->child), pids, PROCESSES_MAX);
	used = tree_usage_cpu_ms(pids, n);
	if (used > w->cpu_ms)
		w->cpu_ms = used;
	return w->cpu_ms;
}

static void
look_at_cpu(struct attempt_watch *w)
{
	struct attempt *a = w->attempt;
	int64_t used = isolation_cpu_ms(a->slot);

	if (used < 0)
		used = tree_cpu_ms(w);
	if (used <= a->limits.cpu_ms + CPU_SLACK_MS)
		return;
	a->evidence.cgroup.measured_cpu_ms = used;
	attempt_stop(a, JUDGE_CPU_WATCH, "", true);
}

static void
on_look(evutil_socket_t fd, short what, void *arg)
{
	struct attempt_watch *w = arg;

	(void)fd;
	(void)what;
	if (w->memory && w->skip-- <= 0)
		look_at_memory(w);
	if (w->cpu && (!w->memory || ++w->rest % CPU_EVERY == 0))
		look_at_cpu(w);
}

void
attempt_watch_start(struct attempt *a)
{
	struct attempt_watch *w;
	struct timeval tv = {0, 0};
	bool memory =
	    a->limits.memory >= 0 && !isolation_limits_memory(a->env->isolation);
	bool cpu = a->limits.cpu_ms >= 0;

	if (!memory && !cpu)
		return;
	/* Without memory for it there is no way to keep a promise. */
	w = calloc(1, sizeof(*w));
	CHECK(w != NULL);
	w->attempt = a;
	w->memory = memory;
	w->cpu = cpu;
	w->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	tv.tv_usec = memory ? MEMORY_US : CPU_US;
	w->ev = event_new(a->env->base, -1, EV_PERSIST, on_look, w);
	CHECK(w->ev != NULL && event_add(w->ev, &tv) == 0);
	a->watch = w;
}

void
attempt_watch_free(struct attempt_watch *w)
{
	if (w == NULL)
		return;
	if (w->ev != NULL)
		event_free(w->ev);
	free(w);
}
