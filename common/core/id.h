/*
 * id.h - task ids and other names that become parts of Redis keys.
 *
 * A made id is 26 characters of Crockford base32: 48 bits of Unix milliseconds,
 * then 80 random bits, so that ids sort by time (the ULID layout,
 * github.com/ulid/spec).
 */
#ifndef CORE_ID_H
#define CORE_ID_H

#include <reapq/task.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pure: the id for a time and 10 random bytes. */
void id_format(char ret_id[REAPQ_ID_LEN + 1], int64_t wall_ms, const uint8_t rnd[10]);

/* A fresh one, from the clock and getrandom(2). Aborts if there is no entropy. */
void id_make(char ret_id[REAPQ_ID_LEN + 1]);

/* 1 to REAPQ_ID_MAX bytes of [A-Za-z0-9_.-]: ids, queues, unique keys. */
bool id_valid(const char *text);
bool id_valid_bytes(const void *data, size_t len);

#endif
