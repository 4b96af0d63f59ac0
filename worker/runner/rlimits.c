/*
 * rlimits.c - struct reapq_limits to setrlimit(2).
 *
 * Owns the mapping and nothing else. The memory limit is RLIMIT_DATA, not RLIMIT_AS:
 * AS counts address space that is reserved and never used, which breaks Java, Go, node
 * and sanitizers; DATA counts private writable memory since Linux 4.7 (getrlimit(2)).
 * It is per process, and shared memory is not in it. Time and output are not here: the
 * worker watches those.
 */
#include "rlimits.h"

#include "link.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static int
set(__rlimit_resource_t what, int64_t soft, int64_t hard)
{
	struct rlimit now, want;

	if (getrlimit(what, &now) != 0)
		return -errno;
	want.rlim_max = (rlim_t)hard < now.rlim_max ? (rlim_t)hard : now.rlim_max;
	want.rlim_cur = (rlim_t)soft < want.rlim_max ? (rlim_t)soft : want.rlim_max;
	return setrlimit(what, &want) == 0 ? 0 : -errno;
}

/* Private writable memory in use: the sixth figure of /proc/self/statm, proc(5). */
static int64_t
data_now(void)
{
	char text[256];
	char *end = text;
	long long pages = 0;
	ssize_t n;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	for (int i = 0; i < 6; i++)
		pages = strtoll(end, &end, 10);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

int
rlimits_apply(const struct reapq_limits *l, bool fresh_image, const char **ret_what)
{
	int64_t memory = l->memory;
	struct {
		const char *name;
		__rlimit_resource_t what;
		int64_t soft, hard;
	} row[] = {
	    {"memory", RLIMIT_DATA, memory, memory},
	    {"cpu_ms", RLIMIT_CPU, l->cpu_ms / 1000, l->cpu_ms / 1000 + 1},
	    {"file_size", RLIMIT_FSIZE, l->file_size, l->file_size},
	    {"processes", RLIMIT_NPROC, l->processes, l->processes},
	    {"stack", RLIMIT_STACK, l->stack, l->stack},
	    {"core", RLIMIT_CORE, l->core, l->core},
	    {"open_files", RLIMIT_NOFILE, l->open_files, l->open_files},
	};
	bool asked[] = {memory >= 0, l->cpu_ms >= 0, l->file_size >= 0,
	    l->processes >= 0, l->stack >= 0, l->core >= 0, l->open_files >= 0};

	if (memory >= 0 && !fresh_image)
		row[0].soft = row[0].hard = memory + data_now();
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int rc = asked[i] ? set(row[i].what, row[i].soft, row[i].hard) : 0;

		if (rc != 0) {
			*ret_what = row[i].name;
			return rc;
		}
	}
	return 0;
}

void
rlimits_set_gene(pid_t worker, uint32_t gen)
{
	struct rlimit gene = {
	    LINK_GENE_BASE(worker) + gen, LINK_GENE_BASE(worker) + gen};

	/* Refused if somebody set a lower one: then runaways cannot be told apart. */
	(void)setrlimit(RLIMIT_RTTIME, &gene);
}
