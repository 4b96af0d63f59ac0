/*
 * call.c - requests that a function waits for.
 *
 * Every ask ends by its connection's promise to answer or time out, so that call_wait()
 * needs no timer of its own. A time that ran out is ECONN to the caller: nothing was
 * heard from Redis.
 */
#include "call.h"
#include "client.h"
#include "error.h"
#include "loop.h"

void
call_init(struct call *call, struct reapq_client *client)
{
	*call = (struct call){.client = client};
}

void
call_begin(struct call *call, struct call_ask *ask)
{
	ask->call = call;
	ask->number = ++call->asked;
	ask->code = 0;
	call->open++;
}

void
call_answer(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct call_ask *ask = arg;
	struct call *call = ask->call;
	struct reapq_error error = REAPQ_ERROR_INIT;
	if (err) {
		error = *err;
		/* To a caller ETIMEDOUT is a wait's: here, nothing was heard. */
		if (error.code == REAPQ_ETIMEDOUT)
			error.code = REAPQ_ECONN;
		ask->code = error.code;
	}
	if (!err && ask->parse)
		ask->code = ask->parse(reply, ask->arg, &error);
	if (ask->code && (call->failed == 0 || ask->number < call->failed)) {
		call->failed = ask->number;
		call->err = error;
	}
	if (--call->open == 0)
		loop_stir(call->client);
}

void
call_ask(struct call *call, struct call_ask *ask, const struct script *script,
    const char *key, int argc, const char *const *argv)
{
	struct reapq_error error = REAPQ_ERROR_INIT;
	struct conn_request request = {.script = script,
	    .key = key,
	    .argc = argc,
	    .argv = argv,
	    .timeout_ms = call->client->call_timeout_ms,
	    .flags = CONN_RESEND,
	    .fn = call_answer,
	    .arg = ask};
	call_begin(call, ask);
	if (conn_send(call->client->cmd, &request, &error) != 0)
		call_answer(NULL, &error, ask);
}

int
call_wait(struct call *call, struct reapq_error *err)
{
	while (call->open > 0)
		loop_run(call->client, -1);
	if (call->failed && err)
		*err = call->err;
	return call->failed ? call->err.code : 0;
}
