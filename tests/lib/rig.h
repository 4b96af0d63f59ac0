/*
 * rig.h - what the library's tests stand on: a private Redis, and a worker made of
 * claim.lua and finish.lua alone, whose every step the test decides.
 *
 * The rig aborts the test at the first thing that goes wrong with the rig itself.
 */
#ifndef TESTS_LIB_RIG_H
#define TESTS_LIB_RIG_H

#include <reapq/producer.h>
#include <reapq/report.h>
#include <stddef.h>
#include <sys/types.h>

struct redisContext;

struct rig {
	char dir[64];  /* of its own, under $TMPDIR */
	char url[128]; /* unix:... */
	char sock[96];
	pid_t redis_pid;
	int log_fd; /* the end of a pipe that Redis logs to */
	struct redisContext *redis;
	unsigned claims;
};

/* Starts Redis without persistence. */
void rig_start(struct rig *rig);
void rig_stop(struct rig *rig);

/* Kills Redis and starts it again, empty. */
void rig_restart_redis(struct rig *rig);
void rig_kill_redis(struct rig *rig);
void rig_start_redis(struct rig *rig);

/* A command without an answer that matters; or its integer. */
long long rig_redis(struct rig *rig, const char *fmt, ...);

/* Claims one task of the queue; 0 if there is none. Its id and its token. */
struct rig_claim {
	char id[REAPQ_ID_MAX + 1];
	char token[64];
	char handler[REAPQ_HANDLER_MAX + 1];
	char payload[64];
	size_t payload_len; /* the whole of it */
};
int rig_claim(struct rig *rig, const char *queue, struct rig_claim *ret_claim);

/* Ends it: ok with a result, or with a verdict other than ok. */
void rig_return(struct rig *rig, const char *queue, const struct rig_claim *claim,
    const void *result, size_t result_len);
void rig_fail(struct rig *rig, const char *queue, const struct rig_claim *claim,
    enum reapq_verdict verdict, const char *message);
/* Writes any bytes as the report. */
void rig_finish(struct rig *rig, const char *queue, const struct rig_claim *claim,
    const void *report, size_t report_len);

/* Claims and returns the payload of all that there is; how many. */
size_t rig_echo_all(struct rig *rig, const char *queue);

/* The same for ever, in a process of its own. */
pid_t rig_fork_echo(struct rig *rig, const char *queue);
void rig_end(pid_t pid);

/* For cmocka: *state is a rig with Redis up. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* A client of this rig, with defaults. */
struct reapq_client *rig_client(struct rig *rig);

/* reapq_submit() of handler "echo". */
struct reapq_future *rig_submit(struct reapq_client *client, const char *payload);

#endif
