/*
 * server_info.h - what a server says of itself in INFO, and whether tasks are safe there.
 *
 * Eviction: with maxmemory set and any policy but noeviction Redis throws keys away when
 * it is full. The volatile- policies are no better: results, claims and leases expire.
 */
#ifndef REDIS_SERVER_INFO_H
#define REDIS_SERVER_INFO_H

#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVER_INFO_TEXT_MAX 32

/* Zeroed: nothing is known. */
struct server_info {
	bool version_known, valkey;
	long major, minor;
	char version[SERVER_INFO_TEXT_MAX];
	bool memory_known;
	int64_t maxmemory; /* bytes; 0: no limit */
	char policy[SERVER_INFO_TEXT_MAX];
	bool denied; /* the server does not let us ask */
};

/* From the text of INFO server, INFO memory; what is not there stays unknown. */
void server_info_read_version(struct server_info *info, const char *text, size_t len);
void server_info_read_memory(struct server_info *info, const char *text, size_t len);

/* EREDIS: too old, or it does not say. where: the URL as people may see it. */
int server_info_check_version(
    const struct server_info *info, const char *where, struct reapq_error *err);

/* It can throw tasks away: now, or as soon as somebody sets maxmemory. */
bool server_info_evicts(const struct server_info *info);
bool server_info_would_evict(const struct server_info *info);
/* EREDIS if it evicts, with the cure. */
int server_info_check_eviction(
    const struct server_info *info, const char *where, struct reapq_error *err);

/* Redis >= 7.2, Valkey, or not known. */
bool server_info_has_waitaof(const struct server_info *info);

#endif
