/*
 * health.c - owns the socket on which the worker is asked for its health.
 *
 * It never reads from who asks, and never waits: it writes one line and closes. So there is
 * no state for each of them, and nobody can hold the worker up. Only the worker's own user
 * and root get an answer, as an abstract socket has no permissions of its own.
 */
#include "health.h"

#include "error.h"
#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

struct health {
	int fd;
	struct event *ev_ask, *ev_again;
	void (*facts)(struct health_facts *ret_f, void *arg);
	void *arg;
};

int
health_namespace(uint64_t *ret_ns, struct reapq_error *err)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) != 0)
		return error_sys(err, errno, "cannot look at /proc/self/ns/pid");
	*ret_ns = st.st_ino;
	return 0;
}

static void
answer(struct health *h, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct health_facts facts = {0};
	char line[HEALTH_LINE_MAX];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    (peer.uid != 0 && peer.uid != geteuid()))
		return;
	h->facts(&facts, h->arg);
	(void)send(
	    fd, line, health_facts_format(&facts, line), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
on_ask(evutil_socket_t listener, short what, void *arg)
{
	static const struct timeval pause = {1, 0};
	struct health *h = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (fd >= 0) {
		answer(h, fd);
		close(fd);
	} else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
		/* No descriptor is left, say: it would be ready again at once. */
		(void)event_del(h->ev_ask);
		(void)event_add(h->ev_again, &pause);
	}
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct health *h = arg;

	(void)fd;
	(void)what;
	(void)event_add(h->ev_ask, NULL);
}

static int
open_socket(struct health *h, struct reapq_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	uint64_t ns = 0;
	size_t len;
	int rc = health_namespace(&ns, err);

	if (rc != 0)
		return rc;
	/* sun_path[0] is NUL: an abstract name */
	len = health_name(address.sun_path + 1, ns, getpid());
	h->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (h->fd < 0)
		return error_sys(err, errno, "cannot make a socket");
	if (bind(h->fd, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) != 0 ||
	    listen(h->fd, BACKLOG) != 0)
		return error_sys(
		    err, errno, "cannot listen at @%s", address.sun_path + 1);
	return 0;
}

int
health_new(struct health **ret_h, struct event_base *base,
    void (*facts)(struct health_facts *ret_f, void *arg), void *arg,
    struct reapq_error *err)
{
	struct health *h = calloc(1, sizeof(*h));
	int rc;

	if (h == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	h->facts = facts;
	h->arg = arg;
	h->fd = -1;
	rc = open_socket(h, err);
	if (rc != 0)
		goto fail;
	h->ev_ask = event_new(base, h->fd, EV_READ | EV_PERSIST, on_ask, h);
	h->ev_again = evtimer_new(base, on_again, h);
	if (h->ev_ask == NULL || h->ev_again == NULL ||
	    event_add(h->ev_ask, NULL) != 0) {
		rc = error_set(err, REAPQ_ENOMEM, "no memory to answer for its health");
		goto fail;
	}
	*ret_h = h;
	return 0;
fail:
	health_free(h);
	return rc;
}

void
health_free(struct health *h)
{
	if (h == NULL)
		return;
	if (h->ev_ask != NULL)
		event_free(h->ev_ask);
	if (h->ev_again != NULL)
		event_free(h->ev_again);
	if (h->fd >= 0)
		close(h->fd);
	free(h);
}
