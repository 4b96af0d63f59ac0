/*
 * repro_worker.c - owns the private worker of `repro`.
 *
 * It is a worker like any other, so that limits, isolation and verdict are the real ones.
 * Its settings from the environment hold, but not where Redis is: it never learns of the
 * Redis that the task came from. It has a process group of its own, since an interrupt
 * is for the task first, and ends with this process in any case (PR_SET_PDEATHSIG).
 */
#include "repro_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "exits.h"
#include "modules.h"
#include "programs.h"
#include "pump.h"
#include "say.h"
#include "words.h"

enum {
	END_MS = 5000 /* what a worker that fails has to clean up */
};

/* After fork: no more than system calls, but for the environment, which is ours alone. */
static _Noreturn void
become_worker(char *const *argv, pid_t parent, int out_fd)
{
	static const char *const not_its[] = {"REAPQ_REDIS", "REAPQ_REDIS_PASSWORD",
	    "REAPQ_REDIS_PASSWORD_FILE", "REAPQ_QUEUE", "REAPQ_CHECK",
	    "REAPQ_OOM_TEST"};
	int null = open("/dev/null", O_RDONLY);

	for (size_t i = 0; i < sizeof not_its / sizeof not_its[0]; i++)
		(void)unsetenv(not_its[i]);
	(void)setpgid(0, 0);
	(void)signal(SIGPIPE, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(1);
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(out_fd, STDOUT_FILENO);
	execv(argv[0], argv);
	_exit(127);
}

static int
make_words(struct words *w, const struct options *opts, const struct repro_task *task,
    const char *path)
{
	const char *const fixed[] = {path, "--embedded", "--concurrency", "1", "--warm",
	    "0", "--grace", "0s", "--queue", task->ref.queue, "--log-level",
	    opts->verbose ? "info" : "error"};
	int rc = 0;

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0] && rc == 0; i++)
		rc = words_add(w, fixed[i]);
	if (rc == 0 && repro_task_is_command(task))
		rc = words_add(w, "--allow-exec");
	return rc ? rc : modules_add(w, opts, "--module");
}

/* Its first line. Bounded by the worker's own patience with its Redis. */
static int
read_url(struct repro_worker *w, int fd)
{
	size_t len = 0;

	while (len < sizeof w->url - 1) {
		ssize_t n = read(fd, w->url + len, sizeof w->url - 1 - len);
		char *end;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		len += (size_t)n;
		w->url[len] = '\0';
		end = strchr(w->url, '\n');
		if (end) {
			*end = '\0';
			return 0;
		}
	}
	return -1;
}

static int
spawn(struct repro_worker *w, char *const *argv)
{
	pid_t self = getpid();
	int out[2], rc;

	if (pipe2(out, O_CLOEXEC) != 0) {
		say_line("cannot make a pipe: %s", strerror(errno));
		return EXITS_REAPQ;
	}
	w->pid = fork();
	if (w->pid == 0)
		become_worker(argv, self, out[1]);
	(void)close(out[1]);
	if (w->pid > 0)
		w->pid_fd = (int)syscall(SYS_pidfd_open, w->pid, 0);
	if (w->pid < 0 || w->pid_fd < 0) {
		say_line("cannot start a worker: %s", strerror(errno));
		rc = EXITS_REAPQ;
	} else if (read_url(w, out[0]) < 0) {
		say_line("the worker to run it did not start (what it said is above)");
		rc = EXITS_REAPQ;
	} else {
		rc = 0;
	}
	(void)close(out[0]);
	return rc;
}

int
repro_worker_start(
    struct repro_worker *w, const struct options *opts, const struct repro_task *task)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	char path[4096];
	struct words words = {0};
	int rc;

	*w = (struct repro_worker){.pid_fd = -1};
	if (programs_find("reapq-worker", "REAPQ_WORKER", path, sizeof path, &err) <
	    0) {
		say_error(&err);
		return EXITS_REAPQ;
	}
	rc = make_words(&words, opts, task, path);
	if (rc == 0) {
		rc = spawn(w, words.argv);
	} else {
		say_line("no memory");
		rc = EXITS_REAPQ;
	}
	words_free(&words);
	if (rc != 0)
		repro_worker_end(w);
	return rc;
}

/* Its Redis goes with the worker: what went wrong is the worker's to say, if it did. */
static int
say_failed(const struct repro_worker *w, const struct reapq_error *err)
{
	struct pollfd end = {.fd = w->pid_fd, .events = POLLIN};

	if (err->code == REAPQ_ECONN && poll(&end, 1, END_MS) > 0)
		say_line(
		    "the worker ended before the task did (what it said is above)");
	else
		say_error(err);
	return EXITS_REAPQ;
}

static int
submit(const struct repro_worker *w, const struct repro_task *t,
    struct reapq_client *client, struct reapq_future **ret_future)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_task task = REAPQ_TASK_INIT;

	task.queue = t->ref.queue;
	task.id = t->ref.id;
	task.handler = t->task.handler;
	task.payload = t->task.payload;
	task.payload_len = t->task.payload_len;
	task.argv = t->task.argv;
	task.env = t->task.env;
	task.cwd = t->task.cwd;
	task.tag = t->task.tag;
	task.limits = t->limits;
	task.max_attempts = 1;
	task.max_lost = REAPQ_MAX_LOST_NONE;
	if (reapq_submit(client, &task, ret_future, &err) == 0)
		return 0;
	return say_failed(w, &err);
}

static int
wait_for(struct repro_worker *w, struct pump *pump, struct reapq_future *future)
{
	const struct reapq_error gone = {.code = REAPQ_ECONN};
	struct reapq_error err = REAPQ_ERROR_INIT;

	while (!reapq_future_done(future)) {
		int events = 0;

		if (pump_turn(pump, w->pid_fd, -1, &events, &err) < 0)
			return say_failed(w, &err);
		if ((events & PUMP_INPUT) && !reapq_future_done(future))
			return say_failed(w, &gone);
		/* With its worker, whose grace is none. */
		if (events & PUMP_SIGNAL)
			return EXITS_SIGNAL + pump_signal();
	}
	return 0;
}

int
repro_worker_run(struct repro_worker *w, const struct repro_task *task,
    struct reapq_client **ret_client, struct reapq_future **ret_future)
{
	struct reapq_client_options co = {.size = sizeof co};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_future *future = NULL;
	struct pump pump;
	int rc;

	co.url = w->url;
	co.payload_max = (int64_t)task->message.len + REAPQ_PAYLOAD_MAX;
	if (reapq_client_new(ret_client, &co, &err) < 0)
		return say_failed(w, &err);
	if (pump_init(&pump, *ret_client, &err) < 0) {
		say_error(&err);
		reapq_client_free(*ret_client);
		return EXITS_REAPQ;
	}
	rc = submit(w, task, *ret_client, &future);
	if (rc == 0)
		rc = wait_for(w, &pump, future);
	pump_free(&pump);
	if (rc != 0) {
		reapq_future_free(future);
		reapq_client_free(*ret_client);
		return rc;
	}
	*ret_future = future;
	return 0;
}

void
repro_worker_end(struct repro_worker *w)
{
	if (w->pid > 0) {
		(void)kill(w->pid, SIGTERM);
		while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (w->pid_fd >= 0)
		(void)close(w->pid_fd);
	*w = (struct repro_worker){.pid_fd = -1};
}
