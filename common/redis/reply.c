/*
 * reply.c - typed reads of a redisReply, and what an error reply asks for.
 *
 * A server's answer is outside input: nothing here assumes a type, a length or a
 * terminating NUL. Types that only newer hiredis knows (RESP3's) are just "another
 * type" to these readers.
 */
#include "reply.h"
#include "error.h"
#include <hiredis/hiredis.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *
type_name(const struct redisReply *r)
{
	if (!r)
		return "nothing";
	switch (r->type) {
	case REDIS_REPLY_STRING:
		return "a string";
	case REDIS_REPLY_ARRAY:
		return "an array";
	case REDIS_REPLY_INTEGER:
		return "an integer";
	case REDIS_REPLY_NIL:
		return "nil";
	case REDIS_REPLY_STATUS:
		return "a status";
	case REDIS_REPLY_ERROR:
		return "an error";
	default:
		return "a reply of another type";
	}
}

static bool
is_text(const struct redisReply *r)
{
	return r && (r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS);
}

int
reply_int(const struct redisReply *r, int64_t *ret_n, struct reapq_error *err)
{
	char digits[24], *end;
	long long n;

	if (r && r->type == REDIS_REPLY_INTEGER) {
		*ret_n = r->integer;
		return 0;
	}
	if (!is_text(r))
		return error_set(err, REAPQ_EPROTO,
		    "Redis answered %s where an integer was due", type_name(r));
	if (r->len == 0 || r->len >= sizeof digits)
		goto bad;
	/* strtoll takes more than Redis writes: white space and a plus sign */
	if (r->str[0] != '-' && (r->str[0] < '0' || r->str[0] > '9'))
		goto bad;
	memcpy(digits, r->str, r->len);
	digits[r->len] = '\0';
	errno = 0;
	n = strtoll(digits, &end, 10);
	if (errno != 0 || end == digits || end != digits + r->len)
		goto bad;
	*ret_n = n;
	return 0;
bad:
	return error_set(err, REAPQ_EPROTO,
	    "Redis answered a string of %zu bytes where an integer was due", r->len);
}

int
reply_str(const struct redisReply *r, const char **ret_s, size_t *ret_len,
    struct reapq_error *err)
{
	if (!is_text(r))
		return error_set(err, REAPQ_EPROTO,
		    "Redis answered %s where a string was due", type_name(r));
	*ret_s = r->str;
	*ret_len = r->len;
	return 0;
}

int
reply_array(const struct redisReply *r, size_t *ret_n, struct reapq_error *err)
{
	if (!r || r->type != REDIS_REPLY_ARRAY)
		return error_set(err, REAPQ_EPROTO,
		    "Redis answered %s where an array was due", type_name(r));
	*ret_n = r->elements;
	return 0;
}

const struct redisReply *
reply_at(const struct redisReply *r, size_t i)
{
	if (!r || r->type != REDIS_REPLY_ARRAY || i >= r->elements)
		return NULL;
	return r->element[i];
}

bool
reply_is_nil(const struct redisReply *r)
{
	return r && r->type == REDIS_REPLY_NIL;
}

bool
reply_is_error(const struct redisReply *r)
{
	return r && r->type == REDIS_REPLY_ERROR;
}

enum reply_class
reply_classify(const struct redisReply *r)
{
	static const struct {
		const char *word;
		enum reply_class class;
	} words[] = {
	    {"NOSCRIPT", REPLY_NOSCRIPT},
	    {"LOADING", REPLY_WAIT},
	    {"BUSY", REPLY_WAIT},
	    {"TRYAGAIN", REPLY_WAIT},
	    {"NOREPLICAS", REPLY_WAIT},
	    {"MISCONF", REPLY_WAIT},
	    {"CLUSTERDOWN", REPLY_WAIT},
	    {"READONLY", REPLY_RECONNECT},
	    {"MASTERDOWN", REPLY_RECONNECT},
	    {"UNBLOCKED", REPLY_RECONNECT},
	    {"OOM", REPLY_FULL},
	    {"NOPERM", REPLY_DENIED},
	    {"NOAUTH", REPLY_DENIED},
	};
	size_t word_len;

	if (!reply_is_error(r))
		return REPLY_FINE;
	for (word_len = 0; word_len < r->len && r->str[word_len] != ' '; word_len++)
		continue;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i].word) == word_len &&
		    memcmp(words[i].word, r->str, word_len) == 0)
			return words[i].class;
	return REPLY_FAILED;
}

int
reply_error(const struct redisReply *r, struct reapq_error *err)
{
	int code = reply_classify(r) == REPLY_FULL ? REAPQ_EFULL : REAPQ_EREDIS;
	struct reapq_error said;

	if (!reply_is_error(r))
		return error_set(err, REAPQ_EPROTO,
		    "Redis answered %s where an error was due", type_name(r));
	error_set(&said, code, "%s%.*s",
	    code == REAPQ_EFULL ? "Redis is full (maxmemory): " : "",
	    (int)(r->len < 1000 ? r->len : 1000), r->str);
	/* a terminal would obey what a hostile server put there */
	for (char *p = said.msg; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (err)
		*err = said;
	return code;
}
