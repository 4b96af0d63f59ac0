/*
 * health_ask.c - finds the workers, asks each, prints what they say.
 *
 * It reads no configuration but the age that is allowed, so that a probe fails for the
 * worker's health alone. Each worker has ASK_MS for its answer: one that hangs is not
 * healthy. Names in /proc/net/unix are anybody's; who listens is what the kernel says of
 * the peer, and it has to be the process that the name names, of our user.
 */
#include "health_ask.h"

#include "clock.h"
#include "error.h"
#include "health.h"
#include "units.h"
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ASK_MS 3000
#define WORKERS_MAX 256

enum said {
	SAID_HEALTHY,
	SAID_UNHEALTHY,
	SAID_NOTHING /* nobody listens there, or it is not our worker */
};

struct question {
	uint64_t ns;
	pid_t pid; /* 0: all */
	int64_t max_age_ms;
};

bool
health_asked(int argc, char *const *argv)
{
	return argc > 1 && (strcmp(argv[1], "--health") == 0 ||
			       strncmp(argv[1], "--health=", 9) == 0);
}

static int
usage(const char *what, const char *why)
{
	fprintf(stderr,
	    "reapq-worker: %s: %s\n"
	    "usage: reapq-worker --health[=PID] [--health-age D]\n",
	    what, why);
	return 2;
}

static int
read_question(struct question *q, int argc, char *const *argv)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	const char *age = getenv("REAPQ_HEALTH_AGE");
	int64_t pid = 0;

	if (argv[1][8] == '=' && units_count(argv[1] + 9, 1, INT_MAX, &pid, &err) != 0)
		return usage("--health", err.msg);
	q->pid = (pid_t)pid;
	if (argc == 3 && strncmp(argv[2], "--health-age=", 13) == 0)
		age = argv[2] + 13;
	else if (argc == 4 && strcmp(argv[2], "--health-age") == 0)
		age = argv[3];
	else if (argc != 2)
		return usage(argv[2], "--health goes with nothing but --health-age");
	q->max_age_ms = HEALTH_AGE_DEFAULT_MS;
	if (age != NULL && age[0] != '\0' &&
	    units_duration(age, &q->max_age_ms, &err) != 0)
		return usage("--health-age", err.msg);
	return 0;
}

static void
set_timeout(int fd, int option, int64_t ms)
{
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	if (ms <= 0)
		tv.tv_usec = 1; /* 0 would be for ever */
	(void)setsockopt(fd, SOL_SOCKET, option, &tv, sizeof(tv));
}

/* Until the peer closes, the time is over, or it is more than an answer can be. */
static size_t
read_answer(int fd, char *answer, size_t cap)
{
	int64_t end_ms = clock_mono_ms() + ASK_MS;
	size_t len = 0;

	while (len < cap) {
		ssize_t n;

		set_timeout(fd, SO_RCVTIMEO, end_ms - clock_mono_ms());
		n = recv(fd, answer + len, cap - len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

static int
connect_to(const struct question *q, pid_t pid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = health_name(address.sun_path + 1, q->ns, pid);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int code;

	if (fd < 0)
		return -errno;
	set_timeout(fd, SO_SNDTIMEO, ASK_MS); /* bounds connect too */
	if (connect(fd, (const struct sockaddr *)&address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) == 0)
		return fd;
	code = errno;
	close(fd);
	return -code;
}

static enum said
ask(const struct question *q, pid_t pid)
{
	int fd = connect_to(q, pid);
	struct ucred peer = {0};
	socklen_t peer_len = sizeof(peer);
	struct health_facts facts;
	char answer[HEALTH_LINE_MAX], line[HEALTH_LINE_MAX];
	bool healthy;
	size_t len;

	if (fd == -ECONNREFUSED)
		return SAID_NOTHING;
	if (fd < 0) {
		printf("unhealthy: cannot reach worker process %d: %s\n", (int)pid,
		    strerror(-fd));
		return SAID_UNHEALTHY;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) != 0 ||
	    peer.pid != pid || (geteuid() != 0 && peer.uid != geteuid())) {
		close(fd);
		return SAID_NOTHING;
	}
	len = read_answer(fd, answer, sizeof(answer));
	close(fd);
	if (!health_facts_parse(answer, len, &facts)) {
		printf("unhealthy: worker process %d gave no answer within %d s\n",
		    (int)pid, ASK_MS / 1000);
		return SAID_UNHEALTHY;
	}
	healthy = health_facts_judge(&facts, q->max_age_ms, line);
	printf("%s\n", line);
	return healthy ? SAID_HEALTHY : SAID_UNHEALTHY;
}

/* The processes that listen under a worker's name; -1: that cannot be seen. */
static int
find(const struct question *q, pid_t pids[WORKERS_MAX])
{
	FILE *f = fopen("/proc/self/net/unix", "re");
	char *line = NULL;
	size_t cap = 0;
	int n = 0;

	if (f == NULL)
		return -1;
	while (n < WORKERS_MAX && getline(&line, &cap, f) > 0) {
		pids[n] = health_name_pid(line, q->ns);
		n += pids[n] != 0;
	}
	free(line);
	(void)fclose(f);
	return n;
}

int
health_ask(int argc, char *const *argv)
{
	struct question q = {0};
	struct reapq_error err = REAPQ_ERROR_INIT;
	pid_t pids[WORKERS_MAX];
	int n = 1, asked = 0, unhealthy = 0;
	int rc = read_question(&q, argc, argv);

	if (rc != 0)
		return rc;
	if (health_namespace(&q.ns, &err) != 0) {
		printf("unhealthy: %s\n", err.msg);
		return 1;
	}
	pids[0] = q.pid;
	if (q.pid == 0 && (n = find(&q, pids)) < 0) {
		printf("unhealthy: cannot look for workers in /proc/self/net/unix: "
		       "%s\n",
		    strerror(errno));
		return 1;
	}
	for (int i = 0; i < n; i++) {
		enum said said = ask(&q, pids[i]);

		asked += said != SAID_NOTHING;
		unhealthy += said == SAID_UNHEALTHY;
	}
	if (asked == 0 && q.pid != 0)
		printf("unhealthy: no worker of this user is process %d\n", (int)q.pid);
	else if (asked == 0)
		printf("unhealthy: no worker of this user runs here\n");
	return asked == 0 || unhealthy > 0 ? 1 : 0;
}
