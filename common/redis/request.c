/*
 * request.c - writes a request as RESP, in one allocation.
 *
 * hiredis could format it (redisFormatCommandArgv), with a second allocation and
 * without saying where the script's name ends; that place is what NOSCRIPT needs.
 * Every argument is written with its length, so any bytes may be in it.
 */
#include "request.h"
#include "check.h"
#include "error.h"
#include <stdlib.h>
#include <string.h>

#define SHA1_LEN 40
#define SCRIPT_STRINGS 4 /* EVALSHA, the name, the number of keys, the key */

static size_t
digits(size_t n)
{
	size_t count = 1;

	while (n >= 10) {
		n /= 10;
		count++;
	}
	return count;
}

/* "$5\r\nbytes\r\n" */
static size_t
bulk_len(size_t len)
{
	return 1 + digits(len) + 2 + len + 2;
}

/* "*3\r\n" */
static size_t
count_len(int strings)
{
	return 1 + digits((size_t)strings) + 2;
}

static char *
put_number(char *p, char mark, size_t n)
{
	size_t count = digits(n);

	*p++ = mark;
	for (size_t i = count; i-- > 0; n /= 10)
		p[i] = (char)('0' + n % 10);
	p += count;
	*p++ = '\r';
	*p++ = '\n';
	return p;
}

static char *
put_bulk(char *p, const void *data, size_t len)
{
	p = put_number(p, '$', len);
	if (len > 0)
		memcpy(p, data, len);
	p += len;
	*p++ = '\r';
	*p++ = '\n';
	return p;
}

static size_t
arg_len(const struct conn_request *req, int i)
{
	return req->argv_len ? req->argv_len[i] : strlen(req->argv[i]);
}

static int
check_request(const struct conn_request *req, struct reapq_error *err)
{
	int least = req->script ? 0 : 1;

	if (req->argc < least || req->argc > CONN_ARGS_MAX - SCRIPT_STRINGS)
		return error_set(err, REAPQ_EINVAL,
		    "a request of %d strings: must be %d to %d", req->argc, least,
		    CONN_ARGS_MAX - SCRIPT_STRINGS);
	if (req->script && !req->key)
		return error_set(
		    err, REAPQ_EINVAL, "script %s was given no key", req->script->name);
	for (int i = 0; i < req->argc; i++)
		if (!req->argv[i] && (!req->argv_len || req->argv_len[i] > 0))
			return error_set(err, REAPQ_EINVAL,
			    "string %d of the request is missing", i + 1);
	return 0;
}

/* The command up to its first key: the part that NOSCRIPT replaces. */
static size_t
script_head_len(int strings, const char *verb, size_t name_len)
{
	return count_len(strings) + bulk_len(strlen(verb)) + bulk_len(name_len);
}

static char *
put_script_head(char *p, int strings, const char *verb, const char *name, size_t len)
{
	p = put_number(p, '*', (size_t)strings);
	p = put_bulk(p, verb, strlen(verb));
	return put_bulk(p, name, len);
}

int
request_new(
    struct request **ret_r, const struct conn_request *req, struct reapq_error *err)
{
	struct request *r;
	int strings = req->argc + (req->script ? SCRIPT_STRINGS : 0);
	size_t key_len = 0, head_len, len;
	char *p;
	int rc;

	if ((rc = check_request(req, err)) < 0)
		return rc;
	if (req->script) {
		key_len = strlen(req->key);
		head_len = script_head_len(strings, "EVALSHA", SHA1_LEN);
		len = head_len + bulk_len(1) + bulk_len(key_len);
	} else {
		head_len = 0;
		len = count_len(strings);
	}
	for (int i = 0; i < req->argc; i++)
		len += bulk_len(arg_len(req, i));

	r = malloc(sizeof *r + len);
	if (!r)
		return error_set(
		    err, REAPQ_ENOMEM, "no memory for a request of %zu bytes", len);
	*r = (struct request){.script = req->script,
	    .fn = req->fn,
	    .arg = req->arg,
	    .timeout_ms = req->timeout_ms,
	    .resend = (req->flags & CONN_RESEND) != 0,
	    .insist = (req->flags & CONN_INSIST) != 0,
	    .strings = strings,
	    .head_len = head_len,
	    .len = len};

	if (req->script) {
		p = put_script_head(
		    r->bytes, strings, "EVALSHA", req->script->sha1, SHA1_LEN);
		p = put_bulk(p, "1", 1);
		p = put_bulk(p, req->key, key_len);
	} else {
		p = put_number(r->bytes, '*', (size_t)strings);
	}
	for (int i = 0; i < req->argc; i++)
		p = put_bulk(p, req->argv[i], arg_len(req, i));
	CHECK(p == r->bytes + len);
	*ret_r = r;
	return 0;
}

struct request *
request_whole(const struct request *r)
{
	size_t text_len = strlen(r->script->text);
	size_t head_len = script_head_len(r->strings, "EVAL", text_len);
	size_t rest_len = r->len - r->head_len;
	struct request *whole;
	char *p;

	whole = malloc(sizeof *whole + head_len + rest_len);
	if (!whole)
		return NULL;
	*whole = *r;
	whole->script = NULL;
	whole->head_len = head_len;
	whole->len = head_len + rest_len;
	p = put_script_head(
	    whole->bytes, r->strings, "EVAL", r->script->text, text_len);
	memcpy(p, r->bytes + r->head_len, rest_len);
	return whole;
}

void
request_free(struct request *r)
{
	free(r);
}
