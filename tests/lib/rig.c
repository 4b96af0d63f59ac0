/*
 * rig.c - a private Redis on a unix socket, and a worker that the test drives.
 */
#include "rig.h"
#include "buf.h"
#include "check.h"
#include "id.h"
#include "script.h"
#include "signature.h"
#include "wire.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void
die(const char *why)
{
	(void)fprintf(stderr, "rig: %s\n", why);
	abort();
}

static void
base(char ret_base[96], const char *queue)
{
	(void)snprintf(ret_base, 96, "reapq:{%s}:", queue);
}

/* Redis says that it is ready by creating its socket: its log line comes just after. */
static void
wait_ready(int log_fd)
{
	char text[8192];
	size_t len = 0;
	ssize_t n;
	while ((n = read(log_fd, text + len, sizeof text - 1 - len)) > 0) {
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, "eady to accept connections"))
			return;
		CHECK(len < sizeof text - 1);
	}
	die("redis-server did not start");
}

void
rig_start_redis(struct rig *rig)
{
	int fds[2];
	CHECK(pipe(fds) == 0);
	rig->redis_pid = fork();
	CHECK(rig->redis_pid >= 0);
	if (rig->redis_pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
		    rig->sock, "--dir", rig->dir, "--save", "", "--appendonly", "no",
		    "--logfile", "", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	wait_ready(fds[0]);
	/* Redis goes on writing there, so that it stays open as long as Redis lives. */
	rig->log_fd = fds[0];
	rig->redis = redisConnectUnix(rig->sock);
	CHECK(rig->redis && !rig->redis->err);
}

void
rig_start(struct rig *rig)
{
	const char *tmp = getenv("TMPDIR");
	*rig = (struct rig){0};
	(void)snprintf(rig->dir, sizeof rig->dir, "%.40s/reapq-lib.XXXXXX",
	    tmp && *tmp ? tmp : "/tmp");
	CHECK(mkdtemp(rig->dir));
	(void)snprintf(rig->sock, sizeof rig->sock, "%s/redis", rig->dir);
	(void)snprintf(rig->url, sizeof rig->url, "unix://%s", rig->sock);
	rig_start_redis(rig);
}

void
rig_kill_redis(struct rig *rig)
{
	if (rig->redis)
		redisFree(rig->redis);
	rig->redis = NULL;
	rig_end(rig->redis_pid);
	rig->redis_pid = 0;
	if (rig->log_fd > 0)
		close(rig->log_fd);
	rig->log_fd = 0;
}

void
rig_restart_redis(struct rig *rig)
{
	rig_kill_redis(rig);
	rig_start_redis(rig);
}

void
rig_stop(struct rig *rig)
{
	rig_kill_redis(rig);
	(void)unlink(rig->sock);
	(void)rmdir(rig->dir);
}

int
rig_setup(void **state)
{
	static struct rig rig;
	rig_start(&rig);
	*state = &rig;
	return 0;
}

int
rig_teardown(void **state)
{
	rig_stop(*state);
	return 0;
}

void
rig_end(pid_t pid)
{
	if (pid <= 0)
		return;
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

long long
rig_redis(struct rig *rig, const char *fmt, ...)
{
	redisReply *reply;
	long long n;
	va_list ap;
	va_start(ap, fmt);
	reply = redisvCommand(rig->redis, fmt, ap);
	va_end(ap);
	CHECK(reply && reply->type != REDIS_REPLY_ERROR);
	n = reply->integer;
	freeReplyObject(reply);
	return n;
}

int
rig_claim(struct rig *rig, const char *queue, struct rig_claim *ret_claim)
{
	struct wire_box box = {0};
	struct wire_task task;
	redisReply *reply;
	char key[96];
	int found;
	*ret_claim = (struct rig_claim){0};
	base(key, queue);
	(void)snprintf(
	    ret_claim->token, sizeof ret_claim->token, "rig.%u", ++rig->claims);
	reply = redisCommand(rig->redis, "EVAL %s 1 %s rig %s 1 60000 p0,p1,p2,ps",
	    script_claim.text, key, ret_claim->token);
	CHECK(reply && reply->type == REDIS_REPLY_ARRAY);
	found = reply->elements > 1;
	if (found) {
		const redisReply *message = reply->element[5];
		(void)snprintf(
		    ret_claim->id, sizeof ret_claim->id, "%s", reply->element[1]->str);
		CHECK(wire_task_decode(
			  message->str, (size_t)message->len, &box, &task, NULL) == 0);
		(void)snprintf(
		    ret_claim->handler, sizeof ret_claim->handler, "%s", task.handler);
		ret_claim->payload_len = task.payload_len;
		if (task.payload_len)
			memcpy(ret_claim->payload, task.payload,
			    task.payload_len < 63 ? task.payload_len : 63);
	}
	wire_box_free(&box);
	freeReplyObject(reply);
	return found;
}

static void
finish(struct rig *rig, const char *queue, const struct rig_claim *claim,
    const void *report, size_t report_len, const char *why, const char *signature)
{
	char key[96];
	redisReply *reply;
	base(key, queue);
	reply = redisCommand(rig->redis, "EVAL %s 1 %s %s %s F %b 0 %s %s %s",
	    script_finish.text, key, claim->id, claim->token, report, report_len, "",
	    why, signature);
	CHECK(reply && reply->type == REDIS_REPLY_INTEGER);
	freeReplyObject(reply);
}

void
rig_finish(struct rig *rig, const char *queue, const struct rig_claim *claim,
    const void *report, size_t report_len)
{
	finish(rig, queue, claim, report, report_len, "", "");
}

static void
finish_report(struct rig *rig, const char *queue, const struct rig_claim *claim,
    const struct reapq_report *report)
{
	char signature[SIGNATURE_MAX] = "";
	struct buf out = {0};
	CHECK(wire_report_encode(report, &out, NULL) == 0);
	if (signature_wanted(report))
		signature_make(report, signature);
	finish(rig, queue, claim, out.data, out.len, report->message, signature);
	buf_free(&out);
}

static struct reapq_report
report_of(const char *queue, const struct rig_claim *claim, enum reapq_outcome outcome,
    enum reapq_verdict verdict, const char *message)
{
	return (struct reapq_report){.size = sizeof(struct reapq_report),
	    .id = claim->id,
	    .queue = queue,
	    .handler = claim->handler,
	    .outcome = outcome,
	    .verdict = verdict,
	    .certainty = REAPQ_PROVED,
	    .outcome_name = reapq_outcome_name(outcome),
	    .verdict_name = reapq_verdict_name(verdict),
	    .certainty_name = "proved",
	    .message = message,
	    .exit_status = -1,
	    .signal = {.name = "", .sender_pid = -1},
	    .attempt = 1,
	    .max_attempts = 1,
	    .worker = "rig",
	    .host = "here",
	    .isolation = "none"};
}

void
rig_return(struct rig *rig, const char *queue, const struct rig_claim *claim,
    const void *result, size_t result_len)
{
	struct reapq_report report =
	    report_of(queue, claim, REAPQ_RETURNED, REAPQ_V_OK, "returned");
	report.result = result;
	report.result_len = result_len;
	finish_report(rig, queue, claim, &report);
}

void
rig_fail(struct rig *rig, const char *queue, const struct rig_claim *claim,
    enum reapq_verdict verdict, const char *message)
{
	enum reapq_outcome outcome =
	    verdict == REAPQ_V_SIGNAL ? REAPQ_CRASHED : REAPQ_FAILED;
	struct reapq_report report = report_of(queue, claim, outcome, verdict, message);
	finish_report(rig, queue, claim, &report);
}

size_t
rig_echo_all(struct rig *rig, const char *queue)
{
	struct rig_claim claim;
	size_t n = 0;
	for (; rig_claim(rig, queue, &claim); n++)
		rig_return(rig, queue, &claim, claim.payload,
		    claim.payload_len < 63 ? claim.payload_len : 63);
	return n;
}

pid_t
rig_fork_echo(struct rig *rig, const char *queue)
{
	pid_t pid = fork();
	char key[96];
	CHECK(pid >= 0);
	if (pid > 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	base(key, queue);
	/* A connection of its own; the parent's stays as it is. */
	rig->redis = redisConnectUnix(rig->sock);
	for (;;) {
		redisReply *reply = redisCommand(rig->redis, "BLPOP %sw 0", key);
		if (!reply)
			_exit(0);
		freeReplyObject(reply);
		(void)rig_echo_all(rig, queue);
	}
}

struct reapq_client *
rig_client(struct rig *rig)
{
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client = NULL;
	opts.url = rig->url;
	if (reapq_client_new(&client, &opts, &err) != 0)
		die(err.msg);
	return client;
}

struct reapq_future *
rig_submit(struct reapq_client *client, const char *payload)
{
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_future *future = NULL;
	task.handler = "echo";
	task.payload = payload;
	task.payload_len = strlen(payload);
	if (reapq_submit(client, &task, &future, &err) != 0)
		die(err.msg);
	return future;
}
