/*
 * server_info.c - reads INFO, and judges what it says.
 *
 * The text is outside input: a field that is missing or malformed is unknown, and only
 * the version has to be known.
 */
#include "server_info.h"
#include "error.h"
#include "units.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REDIS_MAJOR 7
#define REDIS_MINOR 0
#define VALKEY_MAJOR 7
#define VALKEY_MINOR 2
#define WAITAOF_MAJOR 7
#define WAITAOF_MINOR 2

/* The value of "name:value\r\n" at the start of a line; false: there is none. */
static bool
field(const char *text, size_t len, const char *name,
    char ret_value[SERVER_INFO_TEXT_MAX])
{
	size_t name_len = strlen(name);
	const char *line = text, *end = text + len;

	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t line_len = (size_t)((stop ? stop : end) - line);

		if (line_len > name_len && memcmp(line, name, name_len) == 0 &&
		    line[name_len] == ':') {
			size_t n = 0;

			for (size_t i = name_len + 1; i < line_len; i++)
				if (line[i] > ' ' && line[i] < 0x7f &&
				    n < SERVER_INFO_TEXT_MAX - 1)
					ret_value[n++] = line[i];
			ret_value[n] = '\0';
			return true;
		}
		if (!stop)
			break;
		line = stop + 1;
	}
	return false;
}

static bool
is_older(const struct server_info *info, long least_major, long least_minor)
{
	return info->major < least_major ||
	       (info->major == least_major && info->minor < least_minor);
}

void
server_info_read_version(struct server_info *info, const char *text, size_t len)
{
	char *end;

	info->valkey = field(text, len, "valkey_version", info->version);
	info->version_known =
	    info->valkey || field(text, len, "redis_version", info->version);
	if (!info->version_known)
		return;
	info->major = strtol(info->version, &end, 10);
	info->minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
}

void
server_info_read_memory(struct server_info *info, const char *text, size_t len)
{
	char bytes[SERVER_INFO_TEXT_MAX];
	char *end;

	info->memory_known = false;
	if (!field(text, len, "maxmemory", bytes) ||
	    !field(text, len, "maxmemory_policy", info->policy))
		return;
	errno = 0;
	info->maxmemory = strtoll(bytes, &end, 10);
	info->memory_known = errno == 0 && end != bytes && *end == '\0';
}

int
server_info_check_version(
    const struct server_info *info, const char *where, struct reapq_error *err)
{
	if (!info->version_known)
		return error_set(err, REAPQ_EREDIS,
		    "the server at %s does not say its version: reapq needs Redis >= "
		    "%d.%d or Valkey >= %d.%d",
		    where, REDIS_MAJOR, REDIS_MINOR, VALKEY_MAJOR, VALKEY_MINOR);
	if (info->valkey ? is_older(info, VALKEY_MAJOR, VALKEY_MINOR)
			 : is_older(info, REDIS_MAJOR, REDIS_MINOR))
		return error_set(err, REAPQ_EREDIS,
		    "%s %s is too old: reapq needs Redis >= %d.%d or Valkey >= %d.%d "
		    "(%s)",
		    info->valkey ? "Valkey" : "Redis", info->version, REDIS_MAJOR,
		    REDIS_MINOR, VALKEY_MAJOR, VALKEY_MINOR, where);
	return 0;
}

bool
server_info_would_evict(const struct server_info *info)
{
	return info->memory_known && strcmp(info->policy, "noeviction") != 0;
}

bool
server_info_evicts(const struct server_info *info)
{
	return server_info_would_evict(info) && info->maxmemory != 0;
}

int
server_info_check_eviction(
    const struct server_info *info, const char *where, struct reapq_error *err)
{
	char size[32];

	if (!server_info_evicts(info))
		return 0;
	return error_set(err, REAPQ_EREDIS,
	    "Redis at %s may evict tasks: maxmemory is %s and maxmemory-policy %s. "
	    "CONFIG "
	    "SET maxmemory-policy noeviction, or --force",
	    where, units_format_size(info->maxmemory, size, sizeof size), info->policy);
}

bool
server_info_has_waitaof(const struct server_info *info)
{
	return !info->version_known || info->valkey ||
	       !is_older(info, WAITAOF_MAJOR, WAITAOF_MINOR);
}
