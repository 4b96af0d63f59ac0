/*
 * keys.h - the name of every Redis key; nothing else formats one.
 *
 * All keys of queue Q begin with its base "reapq:{Q}:", so that they share one
 * cluster slot. Scripts get the base and add the suffixes listed here; see
 * docs/protocol.md for what each key holds.
 */
#ifndef CORE_KEYS_H
#define CORE_KEYS_H

#include <reapq/task.h>
#include <stddef.h>

#define KEYS_MAX 192 /* longest key here, with its NUL */

/* The set of all queue names; the only key without a queue. */
#define KEYS_QUEUES "reapq:queues"

/* Each fills buf (KEYS_MAX bytes) and returns it. Names must be id_valid(). */
const char *keys_base(char *buf, const char *queue);
const char *keys_task(char *buf, const char *queue, const char *id);    /* t:ID */
const char *keys_result(char *buf, const char *queue, const char *id);  /* r:ID */
const char *keys_wake(char *buf, const char *queue);                    /* w */
const char *keys_hints(char *buf, const char *queue, const char *wid);  /* k:WID */
const char *keys_notify(char *buf, const char *queue, const char *pid); /* n:PID */
const char *keys_alive(char *buf, const char *queue, const char *pid);  /* a:PID */
const char *keys_worker(char *buf, const char *queue, const char *wid); /* wi:WID */
const char *keys_suffix(char *buf, const char *queue, const char *suffix);

#endif
