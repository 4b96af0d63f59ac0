/*
 * hello.c - the greeting of a connection, and the check of the server's version.
 *
 * The password is written into the AUTH request and nowhere else: no message has it.
 * INFO is answered while Redis loads its data; a PING is not, but "LOADING" says
 * just as well that somebody is there.
 */
#include "hello.h"
#include "error.h"
#include "reply.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDIS_MAJOR 7
#define REDIS_MINOR 0
#define VALKEY_MAJOR 7
#define VALKEY_MINOR 2
#define VERSION_MAX 32

static int
queue_one(struct pipeline *p, enum request_own own, int argc, const char *const *argv,
    struct reapq_error *err)
{
	struct request *r;
	int rc;

	rc = request_new(&r, &(struct conn_request){.argc = argc, .argv = argv}, err);
	if (rc < 0)
		return rc;
	r->own = own;
	pipeline_greet(p, r);
	return 0;
}

int
hello_queue(
    struct pipeline *p, const struct hello_options *opts, struct reapq_error *err)
{
	const struct url *url = opts->url;
	char db[16];
	int rc = 0;

	snprintf(db, sizeof db, "%d", url->db);
	if (url->user[0] != '\0')
		rc = queue_one(p, REQUEST_AUTH, 3,
		    (const char *[]){"AUTH", url->user, url->password}, err);
	else if (url->password[0] != '\0')
		rc = queue_one(
		    p, REQUEST_AUTH, 2, (const char *[]){"AUTH", url->password}, err);
	if (rc == 0 && url->db != 0)
		rc = queue_one(
		    p, REQUEST_SELECT, 2, (const char *[]){"SELECT", db}, err);
	if (rc == 0 && opts->client_name)
		rc = queue_one(p, REQUEST_NAME, 3,
		    (const char *[]){"CLIENT", "SETNAME", opts->client_name}, err);
	if (rc == 0 && opts->check_server)
		rc = queue_one(
		    p, REQUEST_INFO, 2, (const char *[]){"INFO", "server"}, err);
	else if (rc == 0)
		rc = queue_one(p, REQUEST_HELLO_PING, 1, (const char *[]){"PING"}, err);
	return rc;
}

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int
refused(enum request_own own, const struct redisReply *reply, const char *where,
    struct reapq_error *err)
{
	enum reply_class class = reply_classify(reply);
	struct reapq_error said = REAPQ_ERROR_INIT;

	if (class == REPLY_WAIT && own == REQUEST_HELLO_PING)
		return 1;
	reply_error(reply, &said);
	/* the name is for people who look at CLIENT LIST; we can do without */
	if (own == REQUEST_NAME && starts_with(said.msg, "NOPERM"))
		return 0;
	if (class == REPLY_WAIT || class == REPLY_RECONNECT ||
	    starts_with(said.msg, "ERR max number of clients"))
		return error_set(
		    err, REAPQ_ECONN, "Redis at %s is not ready: %s", where, said.msg);
	if (own == REQUEST_AUTH)
		return error_set(err, REAPQ_EREDIS,
		    "Redis at %s refused the user or password: %s", where, said.msg);
	if (starts_with(said.msg, "NOAUTH"))
		return error_set(err, REAPQ_EREDIS,
		    "Redis at %s wants a password: give REAPQ_REDIS_PASSWORD, "
		    "--redis-password-file, or redis://:password@host",
		    where);
	return error_set(
	    err, REAPQ_EREDIS, "Redis at %s refused us: %s", where, said.msg);
}

/* The value of "name:value\r\n" at the start of a line; false: there is none. */
static bool
info_field(const char *text, size_t len, const char *name, char ret_value[VERSION_MAX])
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
				    n < VERSION_MAX - 1)
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
is_older(const char *version, long least_major, long least_minor)
{
	char *end;
	long major, minor = 0;

	major = strtol(version, &end, 10);
	if (*end == '.')
		minor = strtol(end + 1, NULL, 10);
	return major < least_major || (major == least_major && minor < least_minor);
}

static int
check_version(
    const struct redisReply *reply, const char *where, struct reapq_error *err)
{
	char version[VERSION_MAX];
	const char *name, *text = "";
	size_t len;
	bool old;

	if (reply_str(reply, &text, &len, NULL) < 0)
		len = 0;
	if (info_field(text, len, "valkey_version", version)) {
		name = "Valkey";
		old = is_older(version, VALKEY_MAJOR, VALKEY_MINOR);
	} else if (info_field(text, len, "redis_version", version)) {
		name = "Redis";
		old = is_older(version, REDIS_MAJOR, REDIS_MINOR);
	} else {
		return error_set(err, REAPQ_EREDIS,
		    "the server at %s does not say its version: reapq needs Redis >= "
		    "%d.%d or Valkey >= %d.%d",
		    where, REDIS_MAJOR, REDIS_MINOR, VALKEY_MAJOR, VALKEY_MINOR);
	}
	if (old)
		return error_set(err, REAPQ_EREDIS,
		    "%s %s is too old: reapq needs Redis >= %d.%d or Valkey >= %d.%d "
		    "(%s)",
		    name, version, REDIS_MAJOR, REDIS_MINOR, VALKEY_MAJOR, VALKEY_MINOR,
		    where);
	return 1;
}

int
hello_answer(enum request_own own, const struct redisReply *reply, const char *where,
    struct reapq_error *err)
{
	if (reply_is_error(reply))
		return refused(own, reply, where, err);
	if (own == REQUEST_INFO)
		return check_version(reply, where, err);
	return own == REQUEST_HELLO_PING ? 1 : 0;
}
