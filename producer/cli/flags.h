/* flags.h - every flag of the command: its name, what it takes, who has it, its help. */
#ifndef CLI_FLAGS_H
#define CLI_FLAGS_H

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

#include "limit.h"

/* A command has the flags of its groups. */
enum flags_group {
	FLAGS_COMMON = 1u << 0, /* where Redis is; --help, --version */
	FLAGS_LIMITS = 1u << 1,
	FLAGS_POLICY = 1u << 2,
	FLAGS_ID = 1u << 3, /* of the policy: not for many tasks at once */
	FLAGS_EXEC = 1u << 4,
	FLAGS_PAYLOAD = 1u << 5,
	FLAGS_STDIN = 1u << 6,
	FLAGS_JSON = 1u << 7,
	FLAGS_TIMEOUT = 1u << 8,
	FLAGS_VERBOSE = 1u << 9,
	FLAGS_KILL = 1u << 10,
	FLAGS_MAP = 1u << 11,
	FLAGS_DEAD = 1u << 16,
	FLAGS_CRASHES = 1u << 17,
	FLAGS_LIMIT = 1u << 18, /* of a queue */
	FLAGS_REPRO = 1u << 19
};

enum flags_id {
	FLAG_FIRST = 256, /* above any character */
	FLAG_REDIS,
	FLAG_PASSWORD_FILE,
	FLAG_QUEUE,
	FLAG_HELP,
	FLAG_VERSION,
	FLAG_MAX_ATTEMPTS,
	FLAG_RETRY_DELAY,
	FLAG_RETRY_ON,
	FLAG_OOM_RETRY_MEMORY,
	FLAG_OOM_QUEUE,
	FLAG_MAX_LOST,
	FLAG_ONCE,
	FLAG_DELAY,
	FLAG_DEADLINE,
	FLAG_PRIORITY,
	FLAG_ID,
	FLAG_UNIQUE,
	FLAG_RESULT_TTL,
	FLAG_TAG,
	FLAG_ENV,
	FLAG_CWD,
	FLAG_PAYLOAD_FILE,
	FLAG_PAYLOAD_LIMIT,
	FLAG_STDIN,
	FLAG_JSON,
	FLAG_TIMEOUT,
	FLAG_VERBOSE,
	FLAG_KILL,
	FLAG_CHUNK,
	FLAG_WINDOW,
	FLAG_KEEP_ORDER,
	FLAG_PROGRESS,
	FLAG_SUMMARY,
	FLAG_VERDICT,
	FLAG_HANDLER,
	FLAG_ALL,
	FLAG_OLDER_THAN,
	FLAG_SINCE,
	FLAG_MOST,
	FLAG_FORCE,
	FLAG_DURABILITY,
	FLAG_DURABILITY_TIMEOUT,
	FLAG_RATE,
	FLAG_MAX_LENGTH,
	FLAG_MODULE,
	FLAG_GDB,
	FLAG_PRINT_COMMAND,
	FLAG_MESSAGE_FILE,
	FLAG_SAVE_MESSAGE,
	FLAG_LIMIT /* and the index of a limit on top: keep it last */
};

#define FLAGS_MAX 64

/* Fills in what getopt_long(3) wants; ends with a zeroed row. */
void flags_getopt(unsigned groups, struct option ret_rows[FLAGS_MAX]);

/* The flags of some groups, under headings. */
void flags_print(unsigned groups, FILE *out);

#endif
