/*
 * link.c - connects, writes, reads and parses; says why in words when it can't.
 *
 * Sockets are close-on-exec at once: a child that held one would keep the connection
 * alive for Redis after we are gone. Writes never raise SIGPIPE, as the program that
 * uses the library may not ignore it. A reply's arrays are bounded: hiredis allocates
 * what an array's header says before any element has come, and frees nested ones
 * recursively (1.x reads them to any depth, 0.14 to 7).
 */
#include "link.h"
#include "error.h"
#include <hiredis/hiredis.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LINK_ARRAY_MAX (1 << 20)
#define LINK_DEPTH_MAX 7
/* Redis's own bound on one string is 512 MB. */
#define LINK_REPLY_MAX ((size_t)640 << 20)
#define KEEPALIVE_IDLE_S 10
#define KEEPALIVE_INTERVAL_S 3
#define KEEPALIVE_COUNT 3
#define UNACKNOWLEDGED_MS 10000

#if HIREDIS_MAJOR >= 1
typedef size_t array_len;
#else
typedef int array_len;
#endif

#define TEXT(x) #x
#define VERSION_TEXT(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)
#define HIREDIS_VERSION VERSION_TEXT(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH)

/* hiredis's own table, and the same with a createArray that has bounds. */
struct link_parser {
	redisReplyObjectFunctions own, bounded;
};

static void *
create_bounded_array(const redisReadTask *task, array_len n)
{
	const struct link_parser *parser = task->privdata;
	int depth = 0;

	for (const redisReadTask *t = task; t; t = t->parent)
		if (++depth > LINK_DEPTH_MAX)
			return NULL;
	return n > LINK_ARRAY_MAX ? NULL : parser->own.createArray(task, n);
}

static struct link_parser *
bound_arrays(redisReader *reader)
{
	struct link_parser *parser = malloc(sizeof *parser);

	if (!parser)
		return NULL;
	parser->own = parser->bounded = *reader->fn;
	parser->bounded.createArray = create_bounded_array;
	reader->fn = &parser->bounded;
	reader->privdata = parser;
	return parser;
}

int
link_check(const struct url *url, struct reapq_error *err)
{
	if (url->tls)
		return error_set(err, REAPQ_EINVAL,
		    "TLS needs hiredis >= 1.0 built with SSL; this build has " //
		    HIREDIS_VERSION " without it");
	return 0;
}

/* "Connection refused" ends a sentence of ours. */
static int
link_error(struct reapq_error *err, const char *why)
{
	error_set(err, REAPQ_ECONN, "%s", why);
	if (err && isupper((unsigned char)err->msg[0]) &&
	    islower((unsigned char)err->msg[1]))
		err->msg[0] = (char)tolower((unsigned char)err->msg[0]);
	return REAPQ_ECONN;
}

/* What fails here only makes a dead peer be noticed later. */
static void
set_options(int fd, bool tcp)
{
	const struct {
		int level, name, value;
	} options[] = {
	    {SOL_SOCKET, SO_KEEPALIVE, 1},
	    {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
	    {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
	    {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
	    {IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS},
	    {IPPROTO_TCP, TCP_NODELAY, 1},
	};

	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (!tcp)
		return;
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		(void)setsockopt(fd, options[i].level, options[i].name,
		    &options[i].value, sizeof options[i].value);
}

int
link_open(struct link *l, const struct url *url, struct reapq_error *err)
{
	bool unix_socket = url->path[0] != '\0';
	redisContext *ctx;
	int rc;

	ctx = unix_socket ? redisConnectUnixNonBlock(url->path)
			  : redisConnectNonBlock(url->host, url->port);
	if (!ctx)
		goto no_memory;
	if (ctx->err) {
		rc = link_error(err, ctx->errstr);
		goto fail;
	}
	set_options(ctx->fd, !unix_socket);
	l->parser = bound_arrays(ctx->reader);
	if (!l->parser)
		goto no_memory;
	l->ctx = ctx;
	return 0;

no_memory:
	rc = error_set(err, REAPQ_ENOMEM, "no memory for a connection");
fail:
	redisFree(ctx);
	return rc;
}

int
link_connected(struct link *l, struct reapq_error *err)
{
	int sys = 0;
	socklen_t len = sizeof sys;

	if (getsockopt(l->ctx->fd, SOL_SOCKET, SO_ERROR, &sys, &len) == -1)
		sys = errno;
	return sys == 0 ? 0 : link_error(err, strerror(sys));
}

void
link_close(struct link *l)
{
	if (l->ctx)
		redisFree(l->ctx);
	free(l->parser);
	*l = (struct link){0};
}

bool
link_is_open(const struct link *l)
{
	return l->ctx != NULL;
}

int
link_fd(const struct link *l)
{
	return l->ctx ? l->ctx->fd : -1;
}

ssize_t
link_write(struct link *l, struct iovec *iov, int n, struct reapq_error *err)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = (size_t)n};
	ssize_t written = sendmsg(l->ctx->fd, &msg, MSG_NOSIGNAL);

	if (written >= 0)
		return written;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return link_error(err, strerror(errno));
}

int
link_read(struct link *l, struct reapq_error *err)
{
	if (redisBufferRead(l->ctx) != REDIS_OK)
		return link_error(err, l->ctx->errstr);
	if (l->ctx->reader->len > LINK_REPLY_MAX)
		return error_set(
		    err, REAPQ_ECONN, "a reply of more than %zu bytes", LINK_REPLY_MAX);
	return 0;
}

int
link_reply(struct link *l, struct redisReply **ret_reply, struct reapq_error *err)
{
	void *reply = NULL;

	if (redisReaderGetReply(l->ctx->reader, &reply) != REDIS_OK)
		return link_error(err, l->ctx->reader->errstr);
	if (!reply)
		return 0;
	*ret_reply = reply;
	return 1;
}
