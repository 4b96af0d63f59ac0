/*
 * cgroup_shared.c - owns the open files of the shared cgroup's counters.
 *
 * Never writes to that cgroup.
 */
#include "cgroup_shared.h"

#include "cgroup_dir.h"
#include "cgroup_oomd.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
cgroup_shared_init(struct cgroup_shared *s)
{
	memset(s, 0, sizeof(*s));
	s->events_fd = s->failcnt_fd = s->dir_fd = -1;
}

static int
open_file(const char *dir, const char *file)
{
	char path[CGROUP_DIR_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool
reads_one(const char *dir, const char *file)
{
	char text[64];
	int fd = open_file(dir, file);
	bool one =
	    cgroup_dir_reread(fd, text, sizeof(text)) && cgroup_parse_number(text) == 1;

	if (fd >= 0)
		close(fd);
	return one;
}

bool
cgroup_shared_open(struct cgroup_shared *s, const char *v1, const char *v2, bool slots)
{
	/* What happens in the slots counts in memory.events too. */
	if (v2[0] != '\0')
		s->dir_fd = open(v2, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v2[0] != '\0' && slots)
		s->events_fd = open_file(v2, "memory.events.local");
	if (v2[0] != '\0' && s->events_fd < 0)
		s->events_fd = open_file(v2, "memory.events");
	if (s->events_fd >= 0) {
		s->v2 = true;
		s->oom_group = reads_one(v2, "memory.oom.group");
		return true;
	}
	if (v1[0] == '\0')
		return false;
	s->events_fd = open_file(v1, "memory.oom_control");
	s->failcnt_fd = open_file(v1, "memory.failcnt");
	return s->events_fd >= 0;
}

void
cgroup_shared_close(struct cgroup_shared *s)
{
	if (s->events_fd >= 0)
		close(s->events_fd);
	if (s->failcnt_fd >= 0)
		close(s->failcnt_fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	cgroup_shared_init(s);
}

int64_t
cgroup_shared_limit(const struct cgroup_shared *s)
{
	char text[64];
	int fd =
	    s->dir_fd < 0 ? -1 : openat(s->dir_fd, "memory.max", O_RDONLY | O_CLOEXEC);
	int64_t limit =
	    cgroup_dir_reread(fd, text, sizeof(text)) ? cgroup_parse_number(text) : -1;

	if (fd >= 0)
		close(fd);
	return limit == INT64_MAX ? -1 : limit;
}

void
cgroup_shared_read(const struct cgroup_shared *s, struct cgroup_counters *ret)
{
	static const struct cgroup_counters none = CGROUP_COUNTERS_NONE;
	char text[1024];

	*ret = none;
	if (s->dir_fd >= 0)
		cgroup_oomd_read(s->dir_fd, ret);
	if (cgroup_dir_reread(s->events_fd, text, sizeof(text))) {
		ret->oom_kill = cgroup_parse_key(text, "oom_kill");
		ret->oom = cgroup_parse_key(text, "oom");
	}
	if (cgroup_dir_reread(s->failcnt_fd, text, sizeof(text)))
		ret->failcnt = cgroup_parse_number(text);
}
