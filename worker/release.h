/*
 * release.h - lets go of what a struct owns, once, and leaves it as if it never had it.
 */
#ifndef WORKER_RELEASE_H
#define WORKER_RELEASE_H

#include <event2/event.h>
#include <unistd.h>

/* -1 after that, and before it if there is none. */
static inline void
release_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void
release_event(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

#endif
