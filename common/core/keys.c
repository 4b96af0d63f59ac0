/*
 * keys.c - formats the name of every Redis key.
 *
 * Names come here checked by id_valid(); one that is not is a bug of the caller, and
 * ends the program rather than name a stranger's key.
 */
#include "keys.h"
#include "check.h"
#include "id.h"

#include <stdio.h>
#include <string.h>

_Static_assert(sizeof("reapq:{}:wi:") + REAPQ_ID_MAX + REAPQ_ID_MAX <= KEYS_MAX,
    "KEYS_MAX must hold the longest key");

static const char *
put(char *buf, const char *queue, const char *suffix, const char *name)
{
	int n;

	CHECK(id_valid(queue));
	n = snprintf(buf, KEYS_MAX, "reapq:{%s}:%s%s", queue, suffix, name);
	CHECK(n > 0 && n < KEYS_MAX);
	return buf;
}

static const char *
put_named(char *buf, const char *queue, const char *suffix, const char *name)
{
	CHECK(id_valid(name));
	return put(buf, queue, suffix, name);
}

const char *
keys_base(char *buf, const char *queue)
{
	return put(buf, queue, "", "");
}

const char *
keys_task(char *buf, const char *queue, const char *id)
{
	return put_named(buf, queue, "t:", id);
}

const char *
keys_result(char *buf, const char *queue, const char *id)
{
	return put_named(buf, queue, "r:", id);
}

const char *
keys_wake(char *buf, const char *queue)
{
	return put(buf, queue, "w", "");
}

const char *
keys_hints(char *buf, const char *queue, const char *wid)
{
	return put_named(buf, queue, "k:", wid);
}

const char *
keys_notify(char *buf, const char *queue, const char *pid)
{
	return put_named(buf, queue, "n:", pid);
}

const char *
keys_alive(char *buf, const char *queue, const char *pid)
{
	return put_named(buf, queue, "a:", pid);
}

const char *
keys_worker(char *buf, const char *queue, const char *wid)
{
	return put_named(buf, queue, "wi:", wid);
}

const char *
keys_suffix(char *buf, const char *queue, const char *suffix)
{
	CHECK(suffix && *suffix);
	return put(buf, queue, suffix, "");
}
