/*
 * fixture.c - see fixture.h. One loop a test; the connection is the test's to free.
 */
#include "fixture.h"
#include "url.h"
#include <stdio.h>
#include <string.h>

#define ARGS_MAX 16

struct event_base *base;
int callbacks;

const struct script incr = {"incr", "da8455f0535fd532821b3713a4eccd80fc4b8457",
    "return redis.call('INCR',KEYS[1])"};
const struct script sadd = {"sadd", "23ac2fa97d534c9cee6e7957fc2acbd0a7299214",
    "return redis.call('SADD',KEYS[1],ARGV[1])"};

int
fixture_setup(void **state)
{
	(void)state;
	base = event_base_new();
	callbacks = 0;
	return base ? 0 : -1;
}

int
fixture_teardown(void **state)
{
	(void)state;
	event_base_free(base);
	return 0;
}

void
turn_loop(int times)
{
	while (times-- > 0)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
note_state(bool up, const struct reapq_error *err, void *arg)
{
	struct states *s = arg;

	assert_true(up == (err == NULL));
	if (!s)
		return;
	if (!err) {
		s->ups++;
		return;
	}
	assert_int_not_equal(err->code, 0);
	s->downs++;
	s->last = *err;
}

struct conn *
connect_to(const char *text, const struct conn_options *opts, struct states *states)
{
	struct conn_options all = opts ? *opts : (struct conn_options){0};
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct conn *c = NULL;
	struct url url;

	if (url_parse(text, &url, &err) < 0 ||
	    (all.url = &url, all.on_state = note_state, all.arg = states,
		conn_new(&c, base, &all, &err)) < 0)
		fail_msg("%s: %s", text, err.msg);
	return c;
}

void
got_reply(const struct redisReply *reply, const struct reapq_error *err, void *arg)
{
	struct got *g = arg;

	assert_true((reply == NULL) != (err == NULL));
	g->calls++;
	g->nth = ++callbacks;
	if (err) {
		assert_int_not_equal(err->code, 0);
		g->code = err->code;
		snprintf(g->msg, sizeof g->msg, "%s", err->msg);
		return;
	}
	if (!reply)
		return;
	g->code = 0;
	g->type = reply->type;
	g->n = reply->integer;
	g->text_len = reply->len;
	if (reply->str)
		snprintf(g->text, sizeof g->text, "%.60s", reply->str);
}

static int
collect(const char *argv[ARGS_MAX], va_list ap)
{
	int argc = 0;

	while ((argv[argc] = va_arg(ap, const char *)))
		assert_true(++argc < ARGS_MAX);
	return argc;
}

static void
must_send(struct conn *c, struct got *got, struct conn_request req)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	if (got) {
		*got = (struct got){0};
		req.fn = got_reply;
		req.arg = got;
	}
	if (conn_send(c, &req, &err) < 0)
		fail_msg("conn_send: %s", err.msg);
}

void
send_command(struct conn *c, struct got *got, unsigned flags, ...)
{
	const char *argv[ARGS_MAX];
	va_list ap;
	int argc;

	va_start(ap, flags);
	argc = collect(argv, ap);
	va_end(ap);
	must_send(
	    c, got, (struct conn_request){.argc = argc, .argv = argv, .flags = flags});
}

void
send_script(struct conn *c, struct got *got, unsigned flags,
    const struct script *script, const char *key, ...)
{
	const char *argv[ARGS_MAX];
	va_list ap;
	int argc;

	va_start(ap, key);
	argc = collect(argv, ap);
	va_end(ap);
	must_send(c, got,
	    (struct conn_request){.script = script,
		.key = key,
		.argc = argc,
		.argv = argv,
		.flags = flags});
}

struct got
ask(struct conn *c, ...)
{
	const char *argv[ARGS_MAX];
	struct got got;
	va_list ap;
	int argc;

	va_start(ap, c);
	argc = collect(argv, ap);
	va_end(ap);
	must_send(c, &got, (struct conn_request){.argc = argc, .argv = argv});
	WAIT_UNTIL(got.calls > 0);
	return got;
}
