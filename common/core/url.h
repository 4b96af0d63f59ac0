/* url.h - where Redis is, as people write it. Pure. */
#ifndef CORE_URL_H
#define CORE_URL_H

#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>

#define URL_DEFAULT "redis://127.0.0.1:6379/0"

struct url {
	char host[256]; /* "" for a unix socket; IPv6 without brackets */
	int port;
	char path[108]; /* of a unix socket, else ""; size of sun_path, unix(7) */
	int db;
	char user[128];     /* "" : none */
	char password[512]; /* "" : none; percent-decoded */
	bool tls;
};

/*
 * redis://[user:password@]host[:port][/db], rediss://... (sets tls),
 * unix:///path[?db=N] (also unix:/path). user and password are percent-decoded
 * and may not hold NUL. redis+sentinel:// and redis+cluster:// are EINVAL "not
 * supported by this version". EINVAL never repeats the password: it shows the
 * URL through url_redact().
 */
int url_parse(const char *text, struct url *ret_url, struct reapq_error *err);

/* For people: "redis://user:***@host:6379/0" or "unix:///path?db=0". Into buf, returned. */
const char *url_format(const struct url *u, char *buf, size_t cap);

/* Any text that may be a URL, with what stands between "://" and the last "@"
 * before the path shown as "***@". Into buf, returned. */
const char *url_redact(const char *text, char *buf, size_t cap);

#endif
