/*
 * url.c - where Redis is, as people write it.
 *
 * Parsing is strict, because a URL that is read otherwise than it was meant connects
 * to the wrong server, or takes a password for a host. What is said about a bad URL
 * never holds a part of it but by url_redact(), which trusts nothing to be where it
 * belongs. Resolves no name and opens nothing.
 */
#include "url.h"
#include "error.h"
#include "units.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PORT_DEFAULT 6379

/* Part of the text under way. */
struct span {
	const char *p;
	size_t len;
};

/* What every failure goes through: why is a whole clause without user's text. */
static int
bad(const char *text, const char *why, struct reapq_error *err)
{
	char shown[120];

	return error_set(err, REAPQ_EINVAL, "Redis URL \"%s\": %s",
	    url_redact(text, shown, sizeof(shown)), why);
}

static bool
is_digits(const char *p, size_t len)
{
	return len > 0 && strspn(p, "0123456789") >= len;
}

/* Digits from 0 to max, into *ret. */
static bool
read_int(const char *p, size_t len, int min, int max, int *ret)
{
	char digits[16];
	int64_t value;

	if (!is_digits(p, len) || len >= sizeof(digits))
		return false;
	memcpy(digits, p, len);
	digits[len] = '\0';
	if (units_count(digits, min, max, &value, NULL))
		return false;
	*ret = (int)value;
	return true;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* NULL, or what is wrong with s. out is cap bytes. */
static const char *
decode(struct span s, char *out, size_t cap)
{
	size_t at = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == '%') {
			int high = i + 1 < s.len ? hex(s.p[i + 1]) : -1;
			int low = i + 2 < s.len ? hex(s.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return "a '%' without two hex digits; write '%' itself "
				       "as %25";
			c = (char)(high * 16 + low);
			if (c == '\0')
				return "%00 (a NUL byte) cannot be part of it";
			i += 2;
		}
		if (at + 1 >= cap)
			return "the user, password or path is too long";
		out[at++] = c;
	}
	out[at] = '\0';
	return NULL;
}

static const char *
parse_userinfo(struct span s, struct url *u)
{
	const char *colon = memchr(s.p, ':', s.len);
	const char *why;

	if (memchr(s.p, '@', s.len))
		return "more than one '@'; write one in a password as %40";
	/* Some read a lone word as the password, some as the user. */
	if (!colon)
		return "before the '@' belongs user:password, :password or user: (with "
		       "a colon)";
	why =
	    decode((struct span){s.p, (size_t)(colon - s.p)}, u->user, sizeof(u->user));
	if (why)
		return why;
	return decode((struct span){colon + 1, s.len - (size_t)(colon + 1 - s.p)},
	    u->password, sizeof(u->password));
}

static bool
host_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* An address, then perhaps % (or %25, as in RFC 6874) and an interface. */
static const char *
parse_ipv6(struct span s, struct url *u)
{
	const char *zone = memchr(s.p, '%', s.len);
	size_t addr_len = zone ? (size_t)(zone - s.p) : s.len;
	size_t zone_len = 0;
	struct in6_addr addr;
	char text[INET6_ADDRSTRLEN];

	if (addr_len >= sizeof(text))
		return "what stands in brackets is no IPv6 address";
	memcpy(text, s.p, addr_len);
	text[addr_len] = '\0';
	if (inet_pton(AF_INET6, text, &addr) != 1)
		return "what stands in brackets is no IPv6 address";
	if (zone) {
		zone++;
		zone_len = s.len - addr_len - 1;
		if (zone_len > 2 && memcmp(zone, "25", 2) == 0) {
			zone += 2;
			zone_len -= 2;
		}
		if (zone_len == 0 || zone_len > 32 || memchr(zone, '%', zone_len))
			return "the interface after the IPv6 address is empty or too "
			       "long";
		for (size_t i = 0; i < zone_len; i++) {
			if (!host_byte(zone[i]))
				return "the interface after the IPv6 address has bytes "
				       "other than letters, digits, '-', '.' and '_'";
		}
	}
	snprintf(u->host, sizeof(u->host), "%s%s%.*s", text, zone ? "%" : "",
	    (int)zone_len, zone ? zone : "");
	return NULL;
}

static const char *
parse_name(struct span s, struct url *u)
{
	if (s.len == 0) {
		strcpy(u->host, "127.0.0.1");
		return NULL;
	}
	if (s.len >= sizeof(u->host))
		return "the host name is too long";
	for (size_t i = 0; i < s.len; i++) {
		if (!host_byte(s.p[i]))
			return "the host name has bytes other than letters, digits, "
			       "'-', '.' and '_'";
	}
	memcpy(u->host, s.p, s.len);
	u->host[s.len] = '\0';
	return NULL;
}

static const char *
parse_hostport(struct span s, struct url *u)
{
	const char *end = s.p + s.len;
	const char *rest, *why;

	if (s.len > 0 && *s.p == '[') {
		rest = memchr(s.p, ']', s.len);
		if (!rest)
			return "a '[' without its ']'";
		why = parse_ipv6((struct span){s.p + 1, (size_t)(rest - s.p - 1)}, u);
		rest++;
		if (!why && rest < end && *rest != ':')
			why = "after the ']' belongs :port or nothing";
	} else {
		rest = memchr(s.p, ':', s.len);
		if (!rest)
			rest = end;
		if (rest < end && memchr(rest + 1, ':', (size_t)(end - rest - 1)))
			return "more than one ':'; an IPv6 address goes in brackets: "
			       "[::1]:6379";
		why = parse_name((struct span){s.p, (size_t)(rest - s.p)}, u);
	}
	if (why)
		return why;
	u->port = PORT_DEFAULT;
	/* An empty port too is refused: it comes from a variable that was not set. */
	if (rest < end &&
	    !read_int(rest + 1, (size_t)(end - rest - 1), 1, UINT16_MAX, &u->port))
		return "the port is no number from 1 to 65535";
	return NULL;
}

static const char *
parse_tcp(const char *p, struct url *u)
{
	size_t len = strcspn(p, "/?#");
	const char *path = p + len;
	const char *at = memrchr(p, '@', len);
	struct span hostport = {p, len};
	const char *why;

	if (strchr(path, '@'))
		return "an '@' after the host; write '/', '?', '#' and '@' in a "
		       "password as "
		       "%2F, %3F, %23 and %40";
	if (at) {
		why = parse_userinfo((struct span){p, (size_t)(at - p)}, u);
		if (why)
			return why;
		hostport = (struct span){at + 1, len - (size_t)(at + 1 - p)};
	}
	why = parse_hostport(hostport, u);
	if (why)
		return why;
	if (*path == '\0' || strcmp(path, "/") == 0)
		return NULL;
	if (*path != '/' || !read_int(path + 1, strlen(path + 1), 0, INT32_MAX, &u->db))
		return "after the host belongs /N, the database's number from 0 to "
		       "2147483647";
	return NULL;
}

static const char *
parse_unix(const char *p, struct url *u)
{
	size_t len = strcspn(p, "?#");
	const char *query = p + len;
	const char *why;

	if (*p != '/')
		return "a unix URL is unix:///absolute/path[?db=N]; a password goes in "
		       "$REAPQ_REDIS_PASSWORD";
	why = decode((struct span){p, len}, u->path, sizeof(u->path));
	if (why)
		return why;
	if (u->path[1] == '\0')
		return "the socket's path is missing";
	if (*query == '\0')
		return NULL;
	if (strncmp(query, "?db=", 4) != 0 ||
	    !read_int(query + 4, strlen(query + 4), 0, INT32_MAX, &u->db))
		return "after the path belongs ?db=N, with N from 0 to 2147483647";
	return NULL;
}

/* What follows prefix in text, where the letters' case is free; NULL: other text. */
static const char *
after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncasecmp(text, prefix, len) == 0 ? text + len : NULL;
}

static const char *
parse(const char *text, struct url *u)
{
	const char *p;

	if ((p = after(text, "redis://")))
		return parse_tcp(p, u);
	if ((p = after(text, "rediss://"))) {
		u->tls = true;
		return parse_tcp(p, u);
	}
	if ((p = after(text, "unix://")) || (p = after(text, "unix:")))
		return parse_unix(p, u);
	if (after(text, "redis+sentinel://") || after(text, "redis+cluster://"))
		return "sentinel and cluster are not supported by this version";
	return "it must begin with redis://, rediss:// or unix://";
}

int
url_parse(const char *text, struct url *ret_url, struct reapq_error *err)
{
	struct url u = {.port = 0};
	const char *why;

	if (!text || !*text)
		return error_set(err, REAPQ_EINVAL,
		    "the Redis URL is empty; write " URL_DEFAULT " or unix:///path");
	why = parse(text, &u);
	if (!why)
		*ret_url = u;
	explicit_bzero(&u, sizeof(u));
	return why ? bad(text, why, err) : 0;
}

/* Text under way in a caller's buffer; cut where it is full. */
struct out {
	char *buf;
	size_t len, cap;
};

static void
put(struct out *o, const char *text, size_t len)
{
	if (o->cap == 0)
		return;
	if (len > o->cap - 1 - o->len)
		len = o->cap - 1 - o->len;
	memcpy(o->buf + o->len, text, len);
	o->len += len;
	o->buf[o->len] = '\0';
}

static void
put_text(struct out *o, const char *text)
{
	put(o, text, strlen(text));
}

static void
put_encoded(struct out *o, const char *text, const char *also_plain)
{
	for (; *text; text++) {
		char code[4];

		if (host_byte(*text) || *text == '~' || strchr(also_plain, *text)) {
			put(o, text, 1);
			continue;
		}
		snprintf(code, sizeof(code), "%%%02X", (unsigned char)*text);
		put_text(o, code);
	}
}

static void
put_host(struct out *o, const char *host)
{
	const char *zone = strchr(host, '%');

	if (!strchr(host, ':')) {
		put_text(o, host);
		return;
	}
	put_text(o, "[");
	put(o, host, zone ? (size_t)(zone - host) : strlen(host));
	if (zone)
		put_encoded(o, zone, "");
	put_text(o, "]");
}

const char *
url_format(const struct url *u, char *buf, size_t cap)
{
	struct out o = {.buf = buf, .cap = cap};
	char number[32];

	put_text(&o, "");
	if (u->path[0]) {
		put_text(&o, "unix://");
		put_encoded(&o, u->path, "/");
		snprintf(number, sizeof(number), "?db=%d", u->db);
		put_text(&o, number);
		return buf;
	}
	put_text(&o, u->tls ? "rediss://" : "redis://");
	if (u->user[0] || u->password[0]) {
		put_encoded(&o, u->user, "");
		put_text(&o, u->password[0] ? ":***@" : ":@");
	}
	put_host(&o, u->host);
	snprintf(number, sizeof(number), ":%d/%d", u->port, u->db);
	put_text(&o, number);
	return buf;
}

/*
 * Where there is no '@': "redis://user:secret" lacks the host that its author meant
 * to add. Returns how much of p to show: up to the ':' before what is no port.
 */
static size_t
shown_len(const char *p)
{
	const char *start = *p == '[' && strchr(p, ']') ? strchr(p, ']') : p;
	const char *colon = strchr(start, ':');
	size_t port_len;

	if (!colon)
		return strlen(p);
	port_len = strcspn(colon + 1, "/?#");
	if (port_len == 0 || is_digits(colon + 1, port_len))
		return strlen(p);
	return (size_t)(colon + 1 - p);
}

/* The same for "?password=secret", which other libraries know. */
static size_t
shown_query_len(const char *p, size_t len)
{
	const char *query = memchr(p, '?', len);
	size_t at = query ? (size_t)(query - p) : len;

	if (!query ||
	    (strncmp(query, "?db=", 4) == 0 && is_digits(query + 4, len - at - 4)))
		return len;
	return at + 1;
}

/* Past "scheme://" or "unix:"; text itself where there is no scheme. */
static const char *
after_scheme(const char *text)
{
	const char *path = after(text, "unix:/");
	size_t i = 0;

	while (host_byte(text[i]) || text[i] == '+')
		i++;
	if (strncmp(text + i, "://", 3) == 0)
		return text + i + 3;
	return path ? path - 1 : text;
}

const char *
url_redact(const char *text, char *buf, size_t cap)
{
	struct out o = {.buf = buf, .cap = cap};
	const char *p, *at;
	size_t len, shown;
	bool is_path;

	put_text(&o, "");
	if (!text)
		return buf;
	p = after_scheme(text);
	/* A socket's path has no user part, and may hold an '@' or a ':'. */
	is_path = *p == '/' && (after(text, "unix:///") || p == after(text, "unix:"));
	/* The last '@' of all, because an unescaped '/' in a password ends the host early. */
	at = is_path ? NULL : strrchr(p, '@');
	put(&o, text, (size_t)(p - text));
	if (at) {
		put_text(&o, "***@");
		p = at + 1;
	}
	len = strlen(p);
	shown = at || is_path ? len : shown_len(p);
	if (shown == len)
		shown = shown_query_len(p, len);
	put(&o, p, shown);
	if (shown < len)
		put_text(&o, "***");
	for (size_t i = 0; i < o.len; i++) {
		unsigned char c = (unsigned char)buf[i];

		if (c < 0x20 || c == 0x7f)
			buf[i] = '?';
	}
	return buf;
}
