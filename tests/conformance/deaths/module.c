/*
 * module.c - the ways to die as a handler: die "[@MARK] NAME ARG..."
 *
 * And those that only a handler has, as they are about its channel.
 */
#include "deaths.h"
#include "frame.h"

#include <reapq/module.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHANNEL_FD 3 /* worker/runner/child.c */
#define WORDS_MAX 8

static enum reapq_answer
die(struct reapq_call *call)
{
	size_t len;
	const char *payload = reapq_call_payload(call, &len);
	char *text = strndup(len > 0 ? payload : "", len);
	char *words[WORDS_MAX + 1] = {NULL};
	char *save = NULL;
	int n = 0, rc;

	if (text == NULL)
		return REAPQ_FAIL;
	for (char *w = strtok_r(text, " ", &save); w != NULL && n < WORDS_MAX;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	rc = deaths_run(words);
	free(text);
	if (rc != 0)
		reapq_call_error(call, "it lives, with %d", rc);
	return rc == 0 ? REAPQ_DONE : REAPQ_FAIL;
}

static enum reapq_answer
close_channel(struct reapq_call *call)
{
	(void)call;
	(void)close(CHANNEL_FD);
	return REAPQ_DONE;
}

static enum reapq_answer
send_and(struct reapq_call *call, size_t len, int sig)
{
	struct frame_header head = {FRAME_MAGIC, FRAME_FAILED, 100};

	(void)call;
	if (send(CHANNEL_FD, &head, len, 0) == (ssize_t)len && sig == 0)
		_exit(0);
	(void)raise(sig);
	return REAPQ_DONE;
}

static enum reapq_answer
half_frame_kill(struct reapq_call *call)
{
	return send_and(call, sizeof(struct frame_header), SIGKILL);
}

static enum reapq_answer
half_head_exit(struct reapq_call *call)
{
	return send_and(call, 7, 0);
}

/* A frame of DONE, and then it does not end as one who has returned. */
static enum reapq_answer
done_then_segv(struct reapq_call *call)
{
	struct frame_header head = {FRAME_MAGIC, FRAME_DONE, 0};

	(void)call;
	(void)send(CHANNEL_FD, &head, sizeof(head), 0);
	(void)raise(SIGSEGV);
	return REAPQ_DONE;
}

static const struct reapq_handler handlers[] = {
    {"die", die, "die as PAYLOAD says"},
    {"close-channel", close_channel, "close the channel, then return"},
    {"half-frame-kill", half_frame_kill, "die of SIGKILL half way through a frame"},
    {"half-head-exit", half_head_exit, "exit with 0 half way through a frame's header"},
    {"done-then-segv", done_then_segv, "say that it has returned, then crash"},
    {NULL, NULL, NULL},
};

const struct reapq_module reapq_module = {
    .abi = REAPQ_MODULE_ABI,
    .size = sizeof(struct reapq_module),
    .name = "deaths",
    .version = REAPQ_VERSION,
    .handlers = handlers,
};
