/*
 * flags.c - the one table that both the parser and --help read, so that neither
 * can know a flag that the other does not.
 *
 * The rows of the limits come from limit_table, which the worker and the report
 * use as well.
 */
#include "flags.h"

#include <stdio.h>
#include <string.h>

struct row {
	unsigned group;
	int id;
	const char *name;
	const char *value; /* NULL: takes none */
	const char *help;
};

/* clang-format off */
static const struct row rows[] = {
	{FLAGS_JSON, FLAG_JSON, "json", NULL, "one JSON object a task on one line"},
	{FLAGS_STDIN, FLAG_STDIN, "stdin", NULL,
	    "pass standard input on to the command (without it: nothing)"},
	{FLAGS_PAYLOAD, FLAG_PAYLOAD_FILE, "payload-file", "FILE",
	    "take the payload from a file; - is standard input"},
	{FLAGS_PAYLOAD | FLAGS_MAP, FLAG_PAYLOAD_LIMIT, "payload-limit", "SIZE",
	    "refuse to send a larger payload (16M)"},
	{FLAGS_EXEC, FLAG_ENV, "env", "NAME=VALUE",
	    "add to the command's environment; may be repeated"},
	{FLAGS_EXEC, FLAG_CWD, "cwd", "DIR", "where the command runs"},
	{FLAGS_TIMEOUT, FLAG_TIMEOUT, "timeout", "D",
	    "stop waiting after this time; the task goes on"},
	{FLAGS_VERBOSE, FLAG_VERBOSE, "verbose", NULL,
	    "say the task's id, and how it ended, on standard error"},
	{FLAGS_KILL, FLAG_KILL, "kill", NULL, "stop it if it runs already"},
	{FLAGS_MAP, FLAG_CHUNK, "chunk", "N", "N lines of input a task (1)"},
	{FLAGS_MAP, FLAG_WINDOW, "window", "N", "tasks open at a time (10000)"},
	{FLAGS_MAP, FLAG_KEEP_ORDER, "keep-order", NULL,
	    "results in the order of the input"},
	{FLAGS_MAP, FLAG_PROGRESS, "progress", NULL,
	    "counts on standard error while it runs, and --summary"},
	{FLAGS_MAP, FLAG_SUMMARY, "summary", NULL,
	    "at the end, a table of those that did not return"},
	{FLAGS_DEAD, FLAG_ALL, "all", NULL, "retry, rm: all entries that the flags below let by"},
	{FLAGS_DEAD, FLAG_VERDICT, "verdict", "VERDICT", "only those with this verdict"},
	{FLAGS_DEAD, FLAG_HANDLER, "handler", "NAME", "only those of this handler"},
	{FLAGS_DEAD, FLAG_OLDER_THAN, "older-than", "D", "only those that died longer ago"},
	{FLAGS_CRASHES, FLAG_SINCE, "since", "D", "only what died in the last D"},
	{FLAGS_DEAD | FLAGS_CRASHES, FLAG_MOST, "limit", "N", "print at most N lines"},
	{FLAGS_LIMIT, FLAG_RATE, "rate", "N/s|N/m|N/h|none",
	    "start at most N tasks in any second (minute, hour)"},
	{FLAGS_LIMIT, FLAG_MAX_LENGTH, "max-length", "N|none",
	    "refuse submits while N tasks wait"},
	{FLAGS_REPRO, FLAG_MODULE, "module", "FILE.so",
	    "load handlers; may be repeated ($REAPQ_MODULE)"},
	{FLAGS_REPRO, FLAG_GDB, "gdb", NULL, "under a debugger: $REAPQ_GDB, gdb"},
	{FLAGS_REPRO, FLAG_PRINT_COMMAND, "print-command", NULL,
	    "don't run it: print a command line that does, for other tools"},
	{FLAGS_REPRO, FLAG_MESSAGE_FILE, "message-file", "FILE",
	    "the task's message is in this file"},
	{FLAGS_REPRO, FLAG_SAVE_MESSAGE, "save-message", "FILE",
	    "don't run it: write its message to a file, for another machine"},
	{FLAGS_POLICY, FLAG_MAX_ATTEMPTS, "max-attempts", "N",
	    "run it up to N times while it fails or crashes (1)"},
	{FLAGS_POLICY, FLAG_RETRY_DELAY, "retry-delay", "D",
	    "before the second attempt; doubles, with jitter (1s)"},
	{FLAGS_POLICY, FLAG_RETRY_ON, "retry-on", "VERDICT,...",
	    "try again only after these (any failure)"},
	{FLAGS_POLICY, FLAG_OOM_RETRY_MEMORY, "oom-retry-memory", "Nx|SIZE",
	    "out of memory: again with N times its limit, or SIZE more"},
	{FLAGS_POLICY, FLAG_OOM_QUEUE, "oom-queue", "NAME",
	    "out of memory: it goes on in this queue"},
	{FLAGS_POLICY, FLAG_MAX_LOST, "max-lost", "N",
	    "workers it may lose before it is given up (3)"},
	{FLAGS_POLICY, FLAG_ONCE, "once", NULL,
	    "never start it twice: --max-attempts 1 --max-lost 0"},
	{FLAGS_POLICY, FLAG_DELAY, "delay", "D", "don't start it before this time"},
	{FLAGS_POLICY, FLAG_DEADLINE, "deadline", "D",
	    "give it up when it has not ended by then"},
	{FLAGS_POLICY, FLAG_PRIORITY, "priority", "high|normal|low",
	    "which tasks of a queue go first (normal)"},
	{FLAGS_ID, FLAG_ID, "id", "ID",
	    "its id; submitting the same id again joins the first"},
	{FLAGS_ID, FLAG_UNIQUE, "unique", "KEY",
	    "join the live task that holds this key, if there is one"},
	{FLAGS_POLICY, FLAG_RESULT_TTL, "result-ttl", "D",
	    "how long its result is kept (1h)"},
	{FLAGS_POLICY, FLAG_TAG, "tag", "TEXT", "text of yours that the report shows"},
	{FLAGS_POLICY, FLAG_DURABILITY, "durability", "none|aof|replica",
	    "submitted once it is on Redis's disk, or on a replica (none)"},
	{FLAGS_POLICY, FLAG_DURABILITY_TIMEOUT, "durability-timeout", "D",
	    "how long to wait for that (1s)"},
	{FLAGS_POLICY, FLAG_FORCE, "force", NULL,
	    "submit to a Redis that may evict tasks (its maxmemory-policy)"},
	{FLAGS_COMMON, FLAG_REDIS, "redis", "URL",
	    "where Redis is ($REAPQ_REDIS, redis://127.0.0.1:6379/0)"},
	{FLAGS_COMMON, FLAG_PASSWORD_FILE, "redis-password-file", "FILE",
	    "its password ($REAPQ_REDIS_PASSWORD_FILE)"},
	{FLAGS_COMMON, FLAG_QUEUE, "queue", "NAME", "which queue ($REAPQ_QUEUE, default)"},
	{FLAGS_COMMON, FLAG_HELP, "help", NULL, "this text"},
	{FLAGS_COMMON, FLAG_VERSION, "version", NULL, "which version this is"},
};
/* clang-format on */

enum {
	N_ROWS = sizeof rows / sizeof rows[0]
};

_Static_assert(N_ROWS + LIMIT_N < FLAGS_MAX, "FLAGS_MAX is too small");

void
flags_getopt(unsigned groups, struct option ret_rows[FLAGS_MAX])
{
	size_t n = 0;

	memset(ret_rows, 0, FLAGS_MAX * sizeof ret_rows[0]);
	for (size_t i = 0; i < N_ROWS; i++) {
		if (!(groups & rows[i].group))
			continue;
		ret_rows[n++] = (struct option){.name = rows[i].name,
		    .has_arg = rows[i].value ? required_argument : no_argument,
		    .val = rows[i].id};
	}
	if (!(groups & FLAGS_LIMITS))
		return;
	for (int i = 0; i < LIMIT_N; i++)
		ret_rows[n++] = (struct option){.name = limit_table[i].flag,
		    .has_arg = required_argument,
		    .val = FLAG_LIMIT + i};
}

static void
print_row(const char *name, const char *value, const char *help, FILE *out)
{
	char flag[64];

	(void)snprintf(
	    flag, sizeof flag, "--%s%s%s", name, value ? " " : "", value ? value : "");
	/* A flag that reaches into the second column gets a line of its own. */
	if (strlen(flag) > 24)
		(void)fprintf(out, "  %s\n  %-26s%s\n", flag, "", help);
	else
		(void)fprintf(out, "  %-26s%s\n", flag, help);
}

static void
print_group(const char *heading, unsigned groups, FILE *out)
{
	int printed = 0;

	for (size_t i = 0; i < N_ROWS; i++) {
		if (!(groups & rows[i].group))
			continue;
		if (!printed++)
			(void)fprintf(out, "\n%s:\n", heading);
		print_row(rows[i].name, rows[i].value, rows[i].help, out);
	}
}

static void
print_limits(FILE *out)
{
	static const char *const values[] = {
	    [LIMIT_BYTES] = "SIZE", [LIMIT_MS] = "D", [LIMIT_COUNT] = "N"};

	(void)fprintf(out, "\nLimits (a worker has defaults and ceilings; 'none' asks "
			   "for no limit):\n");
	for (size_t i = 0; i < LIMIT_N; i++)
		print_row(limit_table[i].flag, values[limit_table[i].unit],
		    limit_table[i].help, out);
}

void
flags_print(unsigned groups, FILE *out)
{
	const unsigned shared = FLAGS_COMMON | FLAGS_LIMITS | FLAGS_POLICY | FLAGS_ID;

	print_group("Options", groups & ~shared, out);
	if (groups & FLAGS_LIMITS)
		print_limits(out);
	print_group("Policy", groups & (FLAGS_POLICY | FLAGS_ID), out);
	print_group("Common", groups & FLAGS_COMMON, out);
	if (groups &
	    (FLAGS_LIMITS | FLAGS_POLICY | FLAGS_TIMEOUT | FLAGS_DEAD | FLAGS_CRASHES))
		(void)fprintf(out, "\nD is a duration: 250ms, 10s, 5m, 1h. "
				   "SIZE is a size: 64K, 512M, 2G.\n");
}
