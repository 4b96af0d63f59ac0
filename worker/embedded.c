/*
 * embedded.c - owns a private redis-server and its directory.
 *
 * Nothing is kept over its end; noeviction, so that it never eats a task.
 */
#include "embedded.h"

#include "error.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_MS 10000
#define READY_STEP_MS 2

struct embedded {
	char dir[32], socket[64], url[96];
	pid_t pid;
	int pid_fd;
	struct event *ev;
	void (*on_death)(const struct reapq_error *err, void *arg);
	void *arg;
};

static _Noreturn void
become_redis(const struct embedded *e, pid_t worker, int fail_fd)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;
	int code;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != worker)
		_exit(1);
	(void)setsid();
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", e->socket,
	    "--unixsocketperm", "600", "--dir", e->dir, "--save", "", "--appendonly",
	    "no", "--maxmemory-policy", "noeviction", (char *)NULL);
	code = errno;
	if (write(fail_fd, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

/* 0 once exec has happened, else its errno: the pipe closes on exec. */
static int
wait_for_exec(int fd)
{
	int code = 0;
	ssize_t n;

	do
		n = read(fd, &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(code) ? code : 0;
}

/* The socket is there, and refuses, before Redis listens on it: so connect(2) asks. */
static bool
listens(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes;

	if (fd < 0)
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	yes = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return yes;
}

/* Before the loop runs, so waiting here holds nobody up. */
static int
wait_for_socket(struct embedded *e, struct reapq_error *err)
{
	struct timespec pause = {0, (long)READY_STEP_MS * 1000000};

	for (int ms = 0; ms < READY_MS; ms += READY_STEP_MS) {
		if (listens(e->socket))
			return 0;
		if (waitpid(e->pid, NULL, WNOHANG) == e->pid) {
			e->pid = 0;
			break;
		}
		(void)nanosleep(&pause, NULL);
	}
	return error_set(err, REAPQ_ESYS,
	    "redis-server for --embedded did not come up at %s", e->socket);
}

static int
watch(struct embedded *e, struct reapq_error *err)
{
	e->pid_fd = (int)syscall(SYS_pidfd_open, e->pid, 0);
	if (e->pid_fd < 0)
		return error_sys(err, errno, "pidfd_open of redis-server");
	(void)fcntl(e->pid_fd, F_SETFD, FD_CLOEXEC);
	return wait_for_socket(e, err);
}

int
embedded_new(struct embedded **ret_e, struct reapq_error *err)
{
	struct embedded *e = calloc(1, sizeof(*e));
	pid_t self = getpid();
	int fail[2], code, rc;

	if (e == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	e->pid_fd = -1;
	snprintf(e->dir, sizeof(e->dir), "/tmp/reapq-XXXXXX");
	if (mkdtemp(e->dir) == NULL) {
		rc = error_sys(err, errno, "cannot make a directory %s", e->dir);
		free(e);
		return rc;
	}
	snprintf(e->socket, sizeof(e->socket), "%s/redis.sock", e->dir);
	snprintf(e->url, sizeof(e->url), "unix://%s", e->socket);
	if (pipe2(fail, O_CLOEXEC) != 0) {
		rc = error_sys(err, errno, "pipe");
		embedded_free(e);
		return rc;
	}
	e->pid = fork();
	if (e->pid == 0)
		become_redis(e, self, fail[1]);
	close(fail[1]);
	code = e->pid < 0 ? errno : wait_for_exec(fail[0]);
	close(fail[0]);
	if (code != 0)
		rc = error_sys(err, code,
		    "cannot start redis-server for --embedded (install it, or give "
		    "--redis URL)");
	else
		rc = watch(e, err);
	if (rc != 0) {
		embedded_free(e);
		return rc;
	}
	*ret_e = e;
	return 0;
}

void
embedded_free(struct embedded *e)
{
	if (e == NULL)
		return;
	if (e->pid > 0) {
		kill(e->pid, SIGKILL);
		while (waitpid(e->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (e->pid_fd >= 0)
		close(e->pid_fd);
	(void)unlink(e->socket);
	(void)rmdir(e->dir);
	free(e);
}

const char *
embedded_url(const struct embedded *e)
{
	return e->url;
}

pid_t
embedded_pid(const struct embedded *e)
{
	return e->pid;
}

static void
on_pid(evutil_socket_t fd, short what, void *arg)
{
	struct embedded *e = arg;
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)fd;
	(void)what;
	(void)error_set(&err, REAPQ_ESYS, "the embedded redis-server died");
	e->on_death(&err, e->arg);
}

int
embedded_watch(struct embedded *e, struct event_base *base,
    void (*on_death)(const struct reapq_error *err, void *arg), void *arg,
    struct reapq_error *err)
{
	e->on_death = on_death;
	e->arg = arg;
	e->ev = event_new(base, e->pid_fd, EV_READ, on_pid, e);
	if (e->ev == NULL || event_add(e->ev, NULL) != 0)
		return error_set(err, REAPQ_ENOMEM, "no memory to watch redis-server");
	return 0;
}

void
embedded_unwatch(struct embedded *e)
{
	if (e == NULL || e->ev == NULL)
		return;
	event_free(e->ev);
	e->ev = NULL;
}
