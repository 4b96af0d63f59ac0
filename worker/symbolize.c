/*
 * symbolize.c - owns the helper's process and the jobs that wait for it.
 *
 * Invariants: a job is in the list from start until its fn is called or it is cancelled,
 * and has its timer running all that time; only the first can be out with the helper;
 * pid > 0 exactly while a helper is unreaped. A job during which the helper dies or hangs
 * ends without names and is not tried again: it may be what killed it.
 */
#include "symbolize.h"

#include "check.h"
#include "error.h"
#include "symbolize/ask.h"
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 2000

struct symbolize_job {
	TAILQ_ENTRY(symbolize_job) link;
	struct symbolize *owner;
	struct crash_record *record;
	void (*fn)(void *arg);
	void *arg;
	struct event *ev_timer;
	uint32_t number;
	bool out; /* the helper has it */
};

TAILQ_HEAD(job_list, symbolize_job);

struct symbolize {
	struct event_base *base;
	char path[4096];
	pid_t pid;
	int fd;
	struct event *ev_answer;
	struct job_list jobs;
	uint32_t next_number;
};

static void
end_helper(struct symbolize *s)
{
	if (s->ev_answer != NULL)
		event_free(s->ev_answer);
	s->ev_answer = NULL;
	/* Before it sees an end of file: an exit of its own may start things. */
	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL);
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	s->pid = 0;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void
forget(struct symbolize *s, struct symbolize_job *job)
{
	TAILQ_REMOVE(&s->jobs, job, link);
	event_free(job->ev_timer);
	free(job);
}

/* In the forked worker, before exec: only what is safe after a fork. */
static _Noreturn void
become_helper(const char *path, int fd)
{
	static char name[] = "reapq-symbolize";
	char *argv[] = {name, NULL};
	char *envp[] = {NULL};
	sigset_t none;
	int low = fcntl(fd, F_DUPFD, 10);
	int null = open("/dev/null", O_RDWR);

	(void)setsid();
	if (low < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(low, ASK_FD) < 0 ||
	    close_range(ASK_FD + 1, ~0U, 0) != 0)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(path, argv, envp);
	_exit(127);
}

static void on_answer(evutil_socket_t fd, short what, void *arg);

/* False: it cannot be started now. */
static bool
start_helper(struct symbolize *s)
{
	int fds[2];
	sigset_t all, old;

	if (s->pid > 0)
		return true;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return false;
	/* As for the runner: libevent's handlers must not run in the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	s->pid = fork();
	if (s->pid == 0)
		become_helper(s->path, fds[1]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(fds[1]);
	s->fd = fds[0];
	if (s->pid > 0)
		s->ev_answer =
		    event_new(s->base, s->fd, EV_READ | EV_PERSIST, on_answer, s);
	if (s->ev_answer == NULL || event_add(s->ev_answer, NULL) != 0) {
		end_helper(s);
		return false;
	}
	return true;
}

static bool
send_question(const struct symbolize *s, const struct symbolize_job *job)
{
	static struct ask_question q;
	const struct crash_record *r = job->record;

	memset(&q, 0, sizeof(q));
	q.number = job->number;
	q.modules_n = (uint32_t)r->modules_n;
	q.frames_n = (uint32_t)r->frames_n;
	for (size_t i = 0; i < r->modules_n; i++) {
		memcpy(
		    q.modules[i].path, r->modules[i].path, sizeof(q.modules[i].path));
		memcpy(q.modules[i].build_id, r->modules[i].build_id,
		    sizeof(q.modules[i].build_id));
	}
	for (size_t i = 0; i < r->frames_n; i++)
		q.frames[i] =
		    (struct ask_frame){r->frames[i].module, r->frames[i].offset};
	return send(s->fd, &q, sizeof(q), MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       (ssize_t)sizeof(q);
}

/* Brings the first job to the helper; one that cannot be brought is done. */
static void
go_on(struct symbolize *s)
{
	struct symbolize_job *job = TAILQ_FIRST(&s->jobs);

	if (job == NULL || job->out)
		return;
	job->out = start_helper(s) && send_question(s, job);
	if (!job->out)
		event_active(job->ev_timer, EV_TIMEOUT, 0);
}

static void
finish(struct symbolize_job *job)
{
	struct symbolize *s = job->owner;
	void (*fn)(void *arg) = job->fn;
	void *arg = job->arg;

	forget(s, job);
	go_on(s);
	fn(arg);
}

static void
take_line(char *to, size_t cap, const char *from)
{
	size_t n = strnlen(from, cap - 1);

	for (size_t i = 0; i < n; i++)
		to[i] = (char)((unsigned char)from[i] < ' ' ? '?' : from[i]);
	to[n] = '\0';
}

static void
take_answer(struct crash_record *r, const struct ask_answer *a)
{
	for (size_t i = 0; i < r->frames_n; i++) {
		struct crash_frame *f = &r->frames[i];

		take_line(f->function, sizeof(f->function), a->names[i].function);
		take_line(f->file, sizeof(f->file), a->names[i].file);
		f->line = a->names[i].line > 0 ? a->names[i].line : 0;
	}
}

static void
on_answer(evutil_socket_t fd, short what, void *arg)
{
	static struct ask_answer a;
	struct symbolize *s = arg;
	struct symbolize_job *job = TAILQ_FIRST(&s->jobs);
	ssize_t n = recv(fd, &a, sizeof(a), MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(a)) {
		end_helper(s);
		if (job != NULL && job->out)
			finish(job);
		return;
	}
	if (job == NULL || !job->out || a.number != job->number)
		return; /* to a job that was cancelled */
	take_answer(job->record, &a);
	finish(job);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct symbolize_job *job = arg;

	(void)fd;
	(void)what;
	if (job->out)
		end_helper(job->owner);
	finish(job);
}

int
symbolize_new(struct symbolize **ret_s, struct event_base *base,
    const char *runner_path, struct reapq_error *err)
{
	const char *slash = strrchr(runner_path, '/');
	int directory = slash != NULL ? (int)(slash + 1 - runner_path) : 0;
	struct symbolize *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for the symbolizer");
	s->base = base;
	s->fd = -1;
	snprintf(
	    s->path, sizeof(s->path), "%.*sreapq-symbolize", directory, runner_path);
	TAILQ_INIT(&s->jobs);
	*ret_s = s;
	return 0;
}

void
symbolize_free(struct symbolize *s)
{
	struct symbolize_job *job, *next;

	if (s == NULL)
		return;
	for (job = TAILQ_FIRST(&s->jobs); job != NULL; job = next) {
		next = TAILQ_NEXT(job, link);
		event_free(job->ev_timer);
		free(job);
	}
	end_helper(s);
	free(s);
}

pid_t
symbolize_pid(const struct symbolize *s)
{
	return s->pid;
}

struct symbolize_job *
symbolize_start(
    struct symbolize *s, struct crash_record *record, void (*fn)(void *arg), void *arg)
{
	struct timeval tv = {PATIENCE_MS / 1000, 0};
	struct symbolize_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->owner = s;
	job->record = record;
	job->fn = fn;
	job->arg = arg;
	job->number = ++s->next_number;
	job->ev_timer = evtimer_new(s->base, on_timer, job);
	if (job->ev_timer == NULL || event_add(job->ev_timer, &tv) != 0) {
		if (job->ev_timer != NULL)
			event_free(job->ev_timer);
		free(job);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&s->jobs, job, link);
	go_on(s);
	return job;
}

void
symbolize_cancel(struct symbolize_job *job)
{
	struct symbolize *s;

	if (job == NULL)
		return;
	s = job->owner;
	forget(s, job);
	go_on(s);
}
