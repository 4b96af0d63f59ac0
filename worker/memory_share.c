/*
 * memory_share.c - divides a container's memory.
 *
 * What the operator asked for stands, even where it is too much: then only the log says so.
 * It is a share of the limit at the start; a limit that is changed later is not seen.
 */
#include "memory_share.h"

#include "log.h"

/* Worker, runner, warm children and what the kernel charges for them: measured below 16
 * MiB with eight slots, more with large modules; and room for what the watch sees late. */
#define RESERVE_BYTES ((int64_t)32 << 20)
#define RESERVE_PART 16
#define LEAST_BYTES ((int64_t)8 << 20)

struct memory_share
memory_share_of(int64_t container, int slots)
{
	int64_t reserve = RESERVE_BYTES + container / RESERVE_PART;
	struct memory_share share;

	if (reserve > container / 2)
		reserve = container / 2;
	share.all = container - reserve;
	share.each = share.all / slots;
	if (share.each < LEAST_BYTES)
		share.each = share.all < LEAST_BYTES ? share.all : LEAST_BYTES;
	return share;
}

void
memory_share_fit(struct config *config, const struct isolation *iso)
{
	int64_t container = isolation_fatal_limit(iso);
	struct memory_share share;

	if (container <= 0)
		return;
	share = memory_share_of(container, config->concurrency);
	if (config->ceilings.memory == 0)
		config->ceilings.memory = share.all;
	if (!config->memory_given)
		config->defaults.memory = share.each;
	log_event(LOG_INFO, "memory_share",
	    "container=%lld default=%lld most=%lld why=%s", (long long)container,
	    (long long)config->defaults.memory, (long long)config->ceilings.memory,
	    "\"an OOM kill would take this worker along\"");
}
