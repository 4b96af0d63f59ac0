/*
 * pump.c - one poll(2) over the client, an input and the signals.
 *
 * The library starts no thread and handles no signal, so its descriptor is polled
 * here beside the others. The handler only writes to an eventfd: signals are never
 * blocked, so that a second one ends the program even inside a library call.
 */
#include "pump.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "error.h"

static volatile sig_atomic_t pump_number;
static volatile sig_atomic_t pump_fd = -1;

static void
on_signal(int number)
{
	const uint64_t one = 1;
	int saved = errno;

	pump_number = number;
	if (write(pump_fd, &one, sizeof one) < 0) {
		/* It is readable already, which is all that is wanted. */
	}
	errno = saved;
}

int
pump_signal(void)
{
	return pump_number;
}

/* What ignores a signal, as a job in a shell's background does, goes on ignoring it. */
static void
handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler}, old;

	action.sa_flags = (int)(SA_RESTART | SA_RESETHAND);
	(void)sigemptyset(&action.sa_mask);
	if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		(void)sigaction(number, &action, NULL);
}

void
pump_init_plain(struct pump *p, struct reapq_client *client)
{
	*p = (struct pump){.client = client, .signal_fd = -1};
	patience_init(&p->patience, client);
}

int
pump_init(struct pump *p, struct reapq_client *client, struct reapq_error *err)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return error_sys(err, errno, "cannot make an eventfd");
	pump_init_plain(p, client);
	p->signal_fd = fd;
	pump_fd = fd;
	handle(SIGINT, on_signal);
	handle(SIGTERM, on_signal);
	return 0;
}

static int
sooner(int a_ms, int b_ms)
{
	if (a_ms < 0)
		return b_ms;
	return b_ms >= 0 && b_ms < a_ms ? b_ms : a_ms;
}

int
pump_turn(struct pump *p, int input_fd, int timeout_ms, int *ret_events,
    struct reapq_error *err)
{
	/* poll(2) skips negative descriptors. */
	struct pollfd fds[3] = {{.fd = reapq_fd(p->client), .events = POLLIN},
	    {.fd = p->taken ? -1 : p->signal_fd, .events = POLLIN},
	    {.fd = input_fd, .events = POLLIN}};
	int events = 0, rc;

	timeout_ms = sooner(timeout_ms, patience_left_ms(&p->patience));
	rc = poll(fds, 3, sooner(timeout_ms, reapq_timeout_ms(p->client)));
	if (rc < 0 && errno != EINTR)
		return error_sys(err, errno, "cannot poll");
	if (rc > 0 && fds[1].revents) {
		p->taken = 1;
		events |= PUMP_SIGNAL;
	}
	if (rc > 0 && fds[2].revents)
		events |= PUMP_INPUT;
	rc = reapq_process(p->client, err);
	if (rc < 0)
		return rc;
	rc = patience_look(&p->patience, err);
	if (rc < 0)
		return rc;
	*ret_events = events;
	return 0;
}

void
pump_free(struct pump *p)
{
	if (p->signal_fd < 0)
		return;
	handle(SIGINT, SIG_DFL);
	handle(SIGTERM, SIG_DFL);
	pump_fd = -1;
	(void)close(p->signal_fd);
}
