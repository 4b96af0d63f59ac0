/* options.h - the command line of one command, read and checked. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <reapq/error.h>
#include <reapq/producer.h>
#include <reapq/task.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
	const char *redis;         /* NULL: $REAPQ_REDIS, or the default */
	const char *password_file; /* NULL: not given */
	const char *queue;         /* never NULL after options_init() */
	bool queue_given;          /* by --queue or $REAPQ_QUEUE */
	struct reapq_task task;    /* limits, policy, queue, env, cwd */
	const char **env;          /* what task.env points to */
	size_t env_n;
	const char *payload_file;
	int64_t payload_max; /* 0: the library's */
	bool use_stdin, json, verbose, kill, keep_order, progress, summary;
	bool help, version;
	bool once;
	bool force;   /* go on where Redis may evict tasks */
	bool submits; /* the command is one that does */
	enum reapq_durability durability;
	int64_t durability_timeout_ms; /* 0: the library's */
	int64_t timeout_ms;            /* -1: none */
	int64_t chunk;                 /* 0: not given */
	int64_t window;
	int64_t rate_max, rate_ms;     /* rate_max -1: not given, 0: none */
	int64_t max_length;            /* -1: not given, 0: none */
	const char *verdict, *handler; /* NULL: any */
	bool all;
	int64_t older_ms, since_ms; /* -1: not given */
	int64_t most;               /* lines; 0: all */
	const char **modules;       /* of repro; NULL: none given */
	size_t modules_n;
	bool gdb, print_command;
	const char *message_file, *save_message; /* NULL: not given */
	const char *const *args;                 /* what is no flag; NULL-terminated */
	size_t args_n;
	bool command; /* args are a command: they stood after -- alone */
};

enum options_style {
	OPTIONS_ANYWHERE, /* flags before, between and after the arguments */
	OPTIONS_FIRST     /* flags end at the first argument */
};

/* Defaults and environment. EINVAL if the environment names a bad queue. */
int options_init(struct options *o, struct reapq_error *err);

/*
 * Reads argv[1] on, for flags of these groups (flags.h). May be called again, for
 * what follows a command's name. EINVAL: bad usage, the message says what and how;
 * ENOMEM. What o points to is argv's, and env's own array: options_free().
 */
int options_parse(struct options *o, unsigned groups, enum options_style style,
    int argc, char **argv, struct reapq_error *err);

void options_free(struct options *o);

#endif
