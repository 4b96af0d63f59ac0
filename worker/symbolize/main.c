/*
 * main.c - reapq-symbolize: names the frames of a backtrace.
 *
 * Started by reapq-worker when the first crash needs it. It parses ELF and DWARF of user
 * modules, which may be broken or made to break a parser: so it is a process of its own,
 * with little memory, no Redis, no secrets, and a worker that kills it when it takes too
 * long. It ends when the worker's end of the socket closes.
 */
#include "ask.h"
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MEMORY_MAX ((rlim_t)1 << 30)

static void
restrain(void)
{
	struct rlimit memory = {MEMORY_MAX, MEMORY_MAX}, none = {0, 0};
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

#if !defined(__SANITIZE_ADDRESS__)
	(void)setrlimit(RLIMIT_DATA, &memory);
#else
	(void)memory;
#endif
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_FSIZE, &none);
	if (fd < 0)
		return;
	if (write(fd, "1000", 4) != 4) {
		/* best effort: a container may forbid it */
	}
	close(fd);
}

static void
answer(const struct ask_question *q, struct ask_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->number = q->number;
	for (uint32_t i = 0; i < q->frames_n && i < CRASH_PAGE_FRAMES; i++) {
		const struct ask_frame *f = &q->frames[i];

		if (f->module >= 0 && f->module < CRASH_PAGE_MODULES)
			module_name(&q->modules[f->module], f->offset, &a->names[i]);
	}
}

int
main(void)
{
	static struct ask_question q;
	static struct ask_answer a;
	ssize_t n;

	if (fcntl(ASK_FD, F_GETFD) < 0) {
		fprintf(stderr,
		    "reapq-symbolize is started by reapq-worker, not by hand\n");
		return 2;
	}
	(void)fcntl(ASK_FD, F_SETFD, FD_CLOEXEC);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	restrain();
	for (;;) {
		n = recv(ASK_FD, &q, sizeof(q), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(q))
			break;
		answer(&q, &a);
		while ((n = send(ASK_FD, &a, sizeof(a), MSG_NOSIGNAL)) < 0 &&
		       errno == EINTR)
			;
		if (n < 0)
			break;
	}
	module_forget();
	return 0;
}
