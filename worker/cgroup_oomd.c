/*
 * cgroup_oomd.c - reads two extended attributes.
 *
 * As systemd writes them: a decimal number in text.
 */
#include "cgroup_oomd.h"

#include <errno.h>
#include <sys/xattr.h>

static int64_t
read_mark(int dir_fd, const char *name)
{
	char text[32];
	ssize_t n = fgetxattr(dir_fd, name, text, sizeof(text) - 1);

	if (n < 0)
		return errno == ENODATA ? 0 : -1;
	text[n] = '\0';
	return cgroup_parse_number(text);
}

void
cgroup_oomd_read(int dir_fd, struct cgroup_counters *counters)
{
	counters->oomd_ooms = read_mark(dir_fd, "user.oomd_ooms");
	counters->oomd_kill = -1;
	if (counters->oomd_ooms >= 0)
		counters->oomd_kill = read_mark(dir_fd, "user.oomd_kill");
}
