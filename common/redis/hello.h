/*
 * hello.h - the greeting: what a connection says before anybody's request.
 *
 * AUTH, SELECT, CLIENT SETNAME as asked for, then INFO (or PING), whose answer says
 * that Redis is there and, with INFO, new enough and a place where tasks stay. All go out at once.
 */
#ifndef REDIS_HELLO_H
#define REDIS_HELLO_H

#include "pipeline.h"
#include "server_info.h"

struct hello_options {
	const struct url *url;
	const char *client_name; /* NULL: none */
	const char *where;       /* the URL as people may see it */
	bool check_server;
	bool refuse_eviction; /* with check_server */
};

int hello_queue(
    struct pipeline *p, const struct hello_options *opts, struct reapq_error *err);

/*
 * 1: that was the last and all is well; 0: so far. EREDIS: refused (password,
 * database, version, eviction); ECONN: not now. Fills in info.
 */
int hello_answer(enum request_own own, const struct redisReply *reply,
    const struct hello_options *opts, struct server_info *info,
    struct reapq_error *err);

#endif
