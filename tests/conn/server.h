/*
 * server.h - a real redis-server of a test's own, in a directory of its own.
 *
 * It dies with the test's process. Nobody waits for it to be ready: a conn that is
 * told its URL comes up when it is.
 */
#ifndef TESTS_CONN_SERVER_H
#define TESTS_CONN_SERVER_H

#include <sys/types.h>

struct server {
	char dir[64];
	char url[128];
	char port[8];         /* "0": a unix socket */
	const char *password; /* NULL: none */
	pid_t pid;
};

/* On a free loopback port, or on a socket in its directory. */
void server_make_tcp(struct server *s);
void server_make_unix(struct server *s);
void server_start(struct server *s);
void server_signal(const struct server *s, int sig);
/* By SIGKILL: nothing is said to anybody. */
void server_kill(struct server *s);
/* Kills it if need be, and removes its directory. */
void server_remove(struct server *s);

#endif
