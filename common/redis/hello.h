/*
 * hello.h - the greeting: what a connection says before anybody's request.
 *
 * AUTH, SELECT, CLIENT SETNAME as asked for, then INFO (or PING), whose answer says
 * that Redis is there and, with INFO, new enough. All go out at once.
 */
#ifndef REDIS_HELLO_H
#define REDIS_HELLO_H

#include "pipeline.h"

struct hello_options {
	const struct url *url;
	const char *client_name; /* NULL: none */
	bool check_server;
};

int hello_queue(
    struct pipeline *p, const struct hello_options *opts, struct reapq_error *err);

/*
 * 1: that was the last and all is well; 0: so far. EREDIS: refused (password,
 * database, version); ECONN: not now. where: the URL as people may see it.
 */
int hello_answer(enum request_own own, const struct redisReply *reply,
    const char *where, struct reapq_error *err);

#endif
