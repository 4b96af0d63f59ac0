/*
 * hello.c - the greeting of a connection, and what the server says of itself.
 *
 * The password is written into the AUTH request and nowhere else: no message has it.
 * INFO is answered while Redis loads its data; a PING is not, but "LOADING" says
 * just as well that somebody is there.
 */
#include "hello.h"
#include "error.h"
#include "reply.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	if (rc == 0 && opts->check_server)
		rc = queue_one(
		    p, REQUEST_INFO_MEMORY, 2, (const char *[]){"INFO", "memory"}, err);
	else if (rc == 0)
		rc = queue_one(p, REQUEST_HELLO_PING, 1, (const char *[]){"PING"}, err);
	return rc;
}

static bool
starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* sys tells it from a server that is not there, for which nobody waits at the start. */
static int
not_ready(struct reapq_error *err, const char *where, const char *why)
{
	error_set(err, REAPQ_ECONN, "Redis at %s is not ready: %s", where, why);
	if (err)
		err->sys = EAGAIN;
	return REAPQ_ECONN;
}

static int
refused(enum request_own own, const struct redisReply *reply, const char *where,
    struct server_info *info, struct reapq_error *err)
{
	enum reply_class class = reply_classify(reply);
	struct reapq_error said = REAPQ_ERROR_INIT;

	if (class == REPLY_WAIT && own == REQUEST_HELLO_PING)
		return 1;
	reply_error(reply, &said);
	/* the name is for people who look at CLIENT LIST; we can do without */
	if (own == REQUEST_NAME && starts_with(said.msg, "NOPERM"))
		return 0;
	/* An operator who denies it knows what server this is; we can only tell. */
	if ((own == REQUEST_INFO || own == REQUEST_INFO_MEMORY) &&
	    starts_with(said.msg, "NOPERM")) {
		info->denied = true;
		return own == REQUEST_INFO_MEMORY;
	}
	if (class == REPLY_WAIT || class == REPLY_RECONNECT ||
	    starts_with(said.msg, "ERR max number of clients"))
		return not_ready(err, where, said.msg);
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

static void
text_of(const struct redisReply *reply, const char **ret_text, size_t *ret_len)
{
	if (reply_str(reply, ret_text, ret_len, NULL) == 0)
		return;
	*ret_text = "";
	*ret_len = 0;
}

int
hello_answer(enum request_own own, const struct redisReply *reply,
    const struct hello_options *opts, struct server_info *info, struct reapq_error *err)
{
	const char *text;
	size_t len;
	int rc;

	if (reply_is_error(reply))
		return refused(own, reply, opts->where, info, err);
	text_of(reply, &text, &len);
	if (own == REQUEST_INFO) {
		server_info_read_version(info, text, len);
		return server_info_check_version(info, opts->where, err);
	}
	if (own == REQUEST_INFO_MEMORY) {
		server_info_read_memory(info, text, len);
		rc = opts->refuse_eviction
			 ? server_info_check_eviction(info, opts->where, err)
			 : 0;
		return rc < 0 ? rc : 1;
	}
	return own == REQUEST_HELLO_PING ? 1 : 0;
}
