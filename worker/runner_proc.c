/*
 * runner_proc.c - owns the runner's process and the worker's end of the link.
 *
 * Invariants: pid > 0 exactly while a runner runs unreaped; link_fd >= 0 exactly while
 * packets can come; pending holds the gens asked and not answered, in order, so that
 * every spawn is answered once even when the runner dies. The runner's environment has
 * none of our REAPQ_ variables: what they hold is not for user code.
 */
#include "runner_proc.h"

#include "backoff.h"
#include "buf.h"
#include "check.h"
#include "error.h"
#include "leftovers.h"
#include "log.h"
#include "rnd.h"
#include "runner/sandbox_plan.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define PENDING_MAX 256

struct runner_proc {
	struct event_base *base;
	struct runner_proc_options opts;
	char path[4096];
	pid_t pid;
	int link_fd, pid_fd;
	bool ready, ever_ready;
	struct event *ev_link, *ev_pid, *ev_again;
	struct backoff backoff;
	struct buf handlers; /* names, each with its NUL; of the last that was ready */
	struct buf coming;   /* the same, while a new one tells them one by one */
	struct buf names;    /* the same for people */
	uint32_t pending[PENDING_MAX];
	size_t pending_n;
	uint32_t birth; /* how the last child came into its cgroup, link_msg.flags */
	struct reapq_error fatal; /* what it said before it died */
};

static int start(struct runner_proc *r, struct reapq_error *err);

static void
close_runner(struct runner_proc *r)
{
	if (r->ev_link != NULL)
		event_free(r->ev_link);
	if (r->ev_pid != NULL)
		event_free(r->ev_pid);
	r->ev_link = r->ev_pid = NULL;
	if (r->link_fd >= 0)
		close(r->link_fd);
	if (r->pid_fd >= 0)
		close(r->pid_fd);
	r->link_fd = r->pid_fd = -1;
	r->ready = false;
}

static void
answer(struct runner_proc *r, uint32_t gen, pid_t pid, int error)
{
	memmove(r->pending, r->pending + 1, --r->pending_n * sizeof(r->pending[0]));
	r->opts.on_spawned(gen, pid, error, r->opts.arg);
}

/* It answers in order. It also runs the modules' init functions, so what it says is not
 * taken on trust: one that talks nonsense is replaced. */
static bool
expected(struct runner_proc *r, const struct link_msg *msg)
{
	if (r->pending_n > 0 && r->pending[0] == msg->gen && msg->value > 0)
		return true;
	(void)kill(r->pid, SIGKILL);
	return false;
}

static void
note_birth(struct runner_proc *r, uint32_t flags)
{
	if (flags == 0 || flags == r->birth)
		return;
	r->birth = flags;
	log_event(LOG_INFO, "children_in_cgroups", "how=%s",
	    (flags & LINK_INTO) == 0      ? "written"
	    : (flags & LINK_WRITING) == 0 ? "clone3"
					  : "clone3,written");
}

static void
hear(struct runner_proc *r, struct link_msg *msg)
{
	msg->text[sizeof(msg->text) - 1] = '\0';
	switch ((enum link_type)msg->type) {
	case LINK_HANDLER:
		(void)buf_add(&r->coming, msg->text, strlen(msg->text) + 1);
		break;
	case LINK_READY:
		buf_free(&r->handlers);
		r->handlers = r->coming;
		r->coming = (struct buf){0};
		r->ready = r->ever_ready = true;
		r->opts.on_ready(r->opts.arg);
		break;
	case LINK_FATAL:
		(void)error_set(&r->fatal, REAPQ_EINVAL, "%s", msg->text);
		break;
	case LINK_SPAWNED:
		if (!expected(r, msg))
			break;
		backoff_reset(&r->backoff);
		note_birth(r, msg->flags);
		answer(r, msg->gen, msg->value, 0);
		break;
	case LINK_SPAWN_FAILED:
		if (expected(r, msg))
			answer(r, msg->gen, 0, msg->value);
		break;
	case LINK_SPAWN:
		break;
	}
}

static void
on_link(evutil_socket_t fd, short what, void *arg)
{
	struct runner_proc *r = arg;
	struct link_msg msg;

	(void)what;
	while (r->link_fd == fd) {
		ssize_t n = recv(fd, &msg, sizeof(msg), MSG_DONTWAIT);

		if (n == (ssize_t)sizeof(msg)) {
			hear(r, &msg);
			continue;
		}
		/* End of file: its pidfd tells the rest. */
		if (n == 0 && r->ev_link != NULL)
			event_del(r->ev_link);
		break;
	}
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct runner_proc *r = arg;
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)fd;
	(void)what;
	if (start(r, &err) != 0)
		r->opts.on_broken(&err, r->opts.arg);
}

static void
describe_end(const siginfo_t *si, char *buf, size_t cap)
{
	if (si->si_code == CLD_EXITED)
		snprintf(buf, cap, "exited with status %d", si->si_status);
	else
		snprintf(buf, cap, "killed by signal %d", si->si_status);
}

static void
on_death(evutil_socket_t fd, short what, void *arg)
{
	struct runner_proc *r = arg;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct timeval tv;
	siginfo_t si;
	char how[64];
	int64_t ms;

	(void)what;
	memset(&si, 0, sizeof(si));
	if (waitid(P_PIDFD, (id_t)fd, &si, WEXITED | WNOHANG) != 0 || si.si_pid == 0)
		return;
	on_link(r->link_fd, 0, r); /* its last words */
	r->pid = 0;
	close_runner(r);
	describe_end(&si, how, sizeof(how));
	if (!r->ever_ready) {
		if (r->fatal.code == 0)
			(void)error_set(&r->fatal, REAPQ_ESYS,
			    "the runner %s before it was ready", how);
		r->opts.on_broken(&r->fatal, r->opts.arg);
		return;
	}
	while (r->pending_n > 0)
		answer(r, r->pending[0], 0, ECHILD);
	r->opts.on_died(how, r->opts.arg);
	ms = backoff_next_ms(&r->backoff, rnd_u32());
	tv.tv_sec = ms / 1000;
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	if (event_add(r->ev_again, &tv) != 0) {
		(void)error_set(&err, REAPQ_ENOMEM, "no memory for a timer");
		r->opts.on_broken(&err, r->opts.arg);
	}
}

/* In the forked worker, before exec: only what is safe after a fork. */
static _Noreturn void
become_runner(struct runner_proc *r, int fd, char **argv, char **envp)
{
	sigset_t none;
	rlim_t most = LINK_GENE_BASE(getppid()) + UINT32_MAX;
	struct rlimit gene = {most, most};
	int low = fcntl(fd, F_DUPFD, 10);
	int sandbox = r->opts.sandbox_fd;
	int last = sandbox < 0 ? LINK_FD : SANDBOX_FD;
	int null = open("/dev/null", O_RDWR);

	/* A session of its own: a terminal's Ctrl-C is for the worker. */
	(void)setsid();
	if (low < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 ||
	    (sandbox >= 0 && (sandbox = fcntl(sandbox, F_DUPFD, 10)) < 0) ||
	    dup2(low, LINK_FD) < 0 || (sandbox >= 0 && dup2(sandbox, SANDBOX_FD) < 0) ||
	    close_range((unsigned)last + 1, ~0U, 0) != 0)
		_exit(1);
	/* Its children have this one until they set their own, which is lower. */
	(void)setrlimit(RLIMIT_RTTIME, &gene);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(r->path, argv, envp);
	_exit(127);
}

/* The environment without REAPQ_ variables. The array is allocated, its strings are not. */
static char **
clean_environment(void)
{
	size_t n = 0, k = 0;
	char **envp;

	while (environ[n] != NULL)
		n++;
	envp = calloc(n + 1, sizeof(*envp));
	for (size_t i = 0; envp != NULL && i < n; i++)
		if (strncmp(environ[i], "REAPQ_", 6) != 0)
			envp[k++] = environ[i];
	return envp;
}

static int
watch(struct runner_proc *r, struct reapq_error *err)
{
	r->pid_fd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	if (r->pid_fd < 0)
		return error_sys(err, errno, "pidfd_open of the runner");
	(void)fcntl(r->pid_fd, F_SETFD, FD_CLOEXEC);
	r->ev_link = event_new(r->base, r->link_fd, EV_READ | EV_PERSIST, on_link, r);
	r->ev_pid = event_new(r->base, r->pid_fd, EV_READ | EV_PERSIST, on_death, r);
	if (r->ev_link == NULL || r->ev_pid == NULL ||
	    event_add(r->ev_link, NULL) != 0 || event_add(r->ev_pid, NULL) != 0)
		return error_set(err, REAPQ_ENOMEM, "no memory to watch the runner");
	return 0;
}

static int
start(struct runner_proc *r, struct reapq_error *err)
{
	int fds[2] = {-1, -1}, rc;
	sigset_t all, old;
	char **envp = clean_environment();
	char **argv = calloc(r->opts.modules_count + 3, sizeof(*argv));
	static char flag[] = SANDBOX_FLAG;
	size_t n = 0;

	if (envp == NULL || argv == NULL) {
		rc = error_set(err, REAPQ_ENOMEM, "no memory to start the runner");
		goto out;
	}
	argv[n++] = r->path;
	if (r->opts.sandbox_fd >= 0)
		argv[n++] = flag;
	for (size_t i = 0; i < r->opts.modules_count; i++)
		argv[n++] = r->opts.modules[i];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
		rc = error_sys(err, errno, "socketpair");
		goto out;
	}
	buf_free(&r->coming);
	/* libevent's handlers must not run in the child: they write into our loop. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	r->pid = fork();
	if (r->pid == 0)
		become_runner(r, fds[1], argv, envp);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(fds[1]);
	if (r->pid < 0) {
		r->pid = 0;
		rc = error_sys(err, errno, "fork of the runner");
		close(fds[0]);
		goto out;
	}
	r->link_fd = fds[0];
	rc = watch(r, err);
out:
	free(argv);
	free(envp);
	return rc;
}

int
runner_proc_new(struct runner_proc **ret_r, struct event_base *base,
    const struct runner_proc_options *opts, struct reapq_error *err)
{
	struct runner_proc *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	r->base = base;
	r->opts = *opts;
	r->link_fd = r->pid_fd = -1;
	r->backoff.min_ms = 50;
	r->backoff.max_ms = 5000;
	snprintf(r->path, sizeof(r->path), "%s", opts->path);
	r->ev_again = evtimer_new(base, on_again, r);
	rc = r->ev_again == NULL ? error_set(err, REAPQ_ENOMEM, "no memory")
				 : start(r, err);
	if (rc != 0) {
		runner_proc_free(r);
		return rc;
	}
	*ret_r = r;
	return 0;
}

void
runner_proc_free(struct runner_proc *r)
{
	if (r == NULL)
		return;
	if (r->ev_again != NULL)
		event_free(r->ev_again);
	close_runner(r);
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		leftovers_reap(r->pid);
	}
	buf_free(&r->handlers);
	buf_free(&r->coming);
	buf_free(&r->names);
	free(r);
}

bool
runner_proc_ready(const struct runner_proc *r)
{
	return r->ready;
}

pid_t
runner_proc_pid(const struct runner_proc *r)
{
	return r->pid;
}

bool
runner_proc_spawning(const struct runner_proc *r)
{
	return r->pending_n > 0;
}

int
runner_proc_spawn(
    struct runner_proc *r, const struct runner_spawn *spawn, struct reapq_error *err)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(LINK_FDS_MAX * sizeof(int))];
	} control;
	size_t len = (size_t)spawn->fds_n * sizeof(int);
	struct link_msg msg;
	struct iovec iov = {&msg, sizeof(msg)};
	struct msghdr mh;
	struct cmsghdr *c;

	if (!r->ready || r->pending_n == PENDING_MAX)
		return error_set(err, REAPQ_ESYS, "the runner is busy or starting");
	memset(&msg, 0, sizeof(msg));
	msg.type = LINK_SPAWN;
	msg.gen = spawn->gen;
	msg.value = (int32_t)spawn->uid;
	msg.flags = spawn->into ? LINK_INTO : 0;
	memset(&control, 0, sizeof(control));
	memset(&mh, 0, sizeof(mh));
	mh.msg_iov = &iov;
	mh.msg_iovlen = 1;
	mh.msg_control = control.space;
	mh.msg_controllen = sizeof(control.space);
	c = CMSG_FIRSTHDR(&mh);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(len);
	mh.msg_controllen = CMSG_SPACE(len);
	memcpy(CMSG_DATA(c), spawn->fds, len);
	if (sendmsg(r->link_fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return error_sys(err, errno, "asking the runner for a child");
	r->pending[r->pending_n++] = spawn->gen;
	return 0;
}

bool
runner_proc_handles(const struct runner_proc *r, const char *handler)
{
	const char *p = r->handlers.data;
	const char *end = p + r->handlers.len;

	for (; p != NULL && p < end; p += strlen(p) + 1)
		if (strcmp(p, handler) == 0)
			return true;
	return false;
}

const char *
runner_proc_handlers(struct runner_proc *r)
{
	const char *p = r->handlers.data;
	const char *end = p + r->handlers.len;
	const char *names;

	r->names.len = 0;
	for (; p != NULL && p < end; p += strlen(p) + 1)
		(void)buf_addf(&r->names, "%s%s", r->names.len > 0 ? " " : "", p);
	names = buf_str(&r->names);
	return names != NULL ? names : "";
}

int
runner_proc_find(char *ret_path, size_t cap, struct reapq_error *err)
{
	static const char *const places[] = {"", "../libexec/reapq/"};
	const char *env = getenv("REAPQ_RUNNER");
	char self[3072];
	char *slash;
	ssize_t n;

	if (env != NULL) {
		snprintf(ret_path, cap, "%s", env);
		return access(env, X_OK) == 0
			   ? 0
			   : error_sys(
				 err, errno, "REAPQ_RUNNER=%s is no program", env);
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return error_sys(err, errno, "/proc/self/exe");
	self[n] = '\0';
	slash = strrchr(self, '/');
	CHECK(slash != NULL);
	slash[1] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(ret_path, cap, "%s%sreapq-runner", self, places[i]);
		if (access(ret_path, X_OK) == 0)
			return 0;
	}
	return error_set(err, REAPQ_ENOENT,
	    "no reapq-runner beside reapq-worker in %s, nor in %s%s; set REAPQ_RUNNER",
	    self, self, places[1]);
}
