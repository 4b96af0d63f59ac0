/*
 * fake.c - see fake.h. hiredis's reader serves to parse commands too, as those are
 * arrays of strings.
 */
#include "fake.h"
#include "fixture.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS_MAX 64

struct client {
	struct fake *fake;
	struct bufferevent *bev;
	redisReader *reader;
	int number;
};

struct fake {
	fake_fn *fn;
	void *arg;
	char dir[64], path[96], url[128];
	struct evconnlistener *listener;
	struct client clients[CLIENTS_MAX];
	int count;
};

static void
close_client(struct client *c)
{
	if (c->bev)
		bufferevent_free(c->bev);
	if (c->reader)
		redisReaderFree(c->reader);
	c->bev = NULL;
	c->reader = NULL;
}

static void
on_bytes(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	char bytes[4096];
	void *command;
	size_t n;

	while ((n = bufferevent_read(bev, bytes, sizeof bytes)) > 0)
		assert_int_equal(redisReaderFeed(c->reader, bytes, n), REDIS_OK);
	for (;;) {
		const char *answer;

		assert_int_equal(redisReaderGetReply(c->reader, &command), REDIS_OK);
		if (!command)
			return;
		answer = c->fake->fn(c->number, command, c->fake->arg);
		if (answer)
			bufferevent_write(bev, answer, strlen(answer));
		freeReplyObject(command);
	}
}

static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	close_client(arg);
}

static void
on_client(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
    int len, void *arg)
{
	struct fake *f = arg;
	struct client *c = &f->clients[f->count];

	(void)listener;
	(void)addr;
	(void)len;
	assert_true(++f->count < CLIENTS_MAX);
	*c = (struct client){
	    .fake = f, .reader = redisReaderCreate(), .number = f->count};
	c->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	assert_non_null(c->bev);
	bufferevent_setcb(c->bev, on_bytes, NULL, on_end, c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

struct fake *
fake_new(fake_fn *fn, void *arg)
{
	struct fake *f = calloc(1, sizeof *f);
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	assert_non_null(f);
	f->fn = fn;
	f->arg = arg;
	snprintf(f->dir, sizeof f->dir, "/tmp/reapq-fake-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof f->path, "%s/socket", f->dir);
	snprintf(f->url, sizeof f->url, "unix://%s", f->path);
	snprintf(sun.sun_path, sizeof sun.sun_path, "%s", f->path);
	f->listener = evconnlistener_new_bind(base, on_client, f, LEV_OPT_CLOSE_ON_FREE,
	    16, (struct sockaddr *)&sun, sizeof sun);
	assert_non_null(f->listener);
	return f;
}

void
fake_free(struct fake *f)
{
	evconnlistener_free(f->listener);
	for (int i = 0; i < f->count; i++)
		close_client(&f->clients[i]);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
}

const char *
fake_url(const struct fake *f)
{
	return f->url;
}

const char *
fake_greeting(int connection, const struct redisReply *command, void *arg)
{
	const char *name = command->element[0]->str;

	(void)connection;
	(void)arg;
	if (strcmp(name, "AUTH") == 0 || strcmp(name, "SELECT") == 0 ||
	    strcmp(name, "CLIENT") == 0)
		return "+OK\r\n";
	if (strcmp(name, "PING") == 0)
		return "+PONG\r\n";
	if (strcmp(name, "INFO") == 0)
		return "$21\r\nredis_version:7.2.5\r\n\r\n";
	return NULL;
}
