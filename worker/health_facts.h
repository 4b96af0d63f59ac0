/*
 * health_facts.h - what a worker says of itself to `reapq-worker --health`, and what that
 * is worth. Pure: no sockets, no clock.
 */
#ifndef WORKER_HEALTH_FACTS_H
#define WORKER_HEALTH_FACTS_H

#include <reapq/task.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HEALTH_LINE_MAX 256 /* an answer on the socket, and what is printed of it */
#define HEALTH_NAME_MAX 64
#define HEALTH_AGE_DEFAULT_MS 15000

enum health_state {
	HEALTH_STARTING,
	HEALTH_RUNNING,
	HEALTH_DRAINING,
	HEALTH_STATE_COUNT
};

struct health_facts {
	enum health_state state;
	int64_t age_ms; /* since Redis last answered a fetch; -1: it never has */
	int busy, slots;
	char worker[REAPQ_ID_MAX + 1];
};

/* One line with its newline into out[HEALTH_LINE_MAX]; its length. */
size_t health_facts_format(const struct health_facts *f, char *out);

/* False: it is no such line. The bytes are whoever's: nothing is taken on trust. */
bool health_facts_parse(const char *text, size_t len, struct health_facts *ret_f);

/* Is it healthy? Says why in out[HEALTH_LINE_MAX], without a newline. */
bool health_facts_judge(const struct health_facts *f, int64_t max_age_ms, char *out);

/* The abstract socket of process pid of the PID namespace ns, without its leading NUL. */
size_t health_name(char *out, uint64_t ns, pid_t pid);

/* The pid, if this line of /proc/net/unix is such a socket and listens; else 0. */
pid_t health_name_pid(const char *line, uint64_t ns);

#endif
