/*
 * options.c - reads a command line with getopt_long(3) into struct options.
 *
 * getopt_long and not argp: its RETURN_IN_ORDER mode tells `HANDLER -- PAYLOAD`
 * from `-- COMMAND`, which argp hides, and sub-commands need no parser tree.
 *
 * Everything that can be checked without Redis is checked here, so that bad usage
 * costs no connection. Nothing is printed: the caller does that.
 */
#include "options.h"

#include <reapq/admin.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "flags.h"
#include "id.h"
#include "limit.h"
#include "names.h"
#include "retry.h"
#include "units.h"
#include "values.h"

enum {
	WINDOW_DEFAULT = 10000,
	ATTEMPTS_MAX = 1000,
	LOST_MAX = 1000,
	WAIT_MAX_MS = 600000
};

int
options_init(struct options *o, struct reapq_error *err)
{
	const char *queue = getenv("REAPQ_QUEUE");

	*o = (struct options){.task = {.size = sizeof(struct reapq_task)},
	    .queue = queue && *queue ? queue : REAPQ_QUEUE_DEFAULT,
	    .queue_given = queue && *queue,
	    .timeout_ms = -1,
	    .older_ms = -1,
	    .since_ms = -1,
	    .window = WINDOW_DEFAULT,
	    .rate_max = -1,
	    .max_length = -1};
	if (!id_valid(o->queue))
		return error_set(err, REAPQ_EINVAL,
		    "REAPQ_QUEUE is \"%.100s\": a queue's name is up to %d of "
		    "[A-Za-z0-9_.-]",
		    o->queue, REAPQ_ID_MAX);
	o->task.queue = o->queue;
	return 0;
}

static int
set_name(
    const char **field, const char *what, const char *text, struct reapq_error *err)
{
	if (!id_valid(text))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.100s\" is no %s: up to %d of [A-Za-z0-9_.-]", text, what,
		    REAPQ_ID_MAX);
	*field = text;
	return 0;
}

static int
set_int(int *field, const char *text, int min, int max, struct reapq_error *err)
{
	int64_t n;
	int rc = units_count(text, min, max, &n, err);

	if (rc == 0)
		*field = (int)n;
	return rc;
}

static int
set_max_lost(struct reapq_task *task, const char *text, struct reapq_error *err)
{
	int rc = set_int(&task->max_lost, text, 0, LOST_MAX, err);

	if (rc == 0 && task->max_lost == 0)
		task->max_lost = REAPQ_MAX_LOST_NONE;
	return rc;
}

/* In the task's struct 0 means the default, so that a plain 0 becomes the least. */
static int
set_duration(int64_t *field, const char *text, int64_t least, struct reapq_error *err)
{
	int rc = units_duration(text, field, err);

	if (rc == 0 && *field < least)
		*field = least;
	return rc;
}

static int
set_wait(int64_t *field, const char *text, struct reapq_error *err)
{
	int rc = set_duration(field, text, 1, err);

	if (rc == 0 && *field > WAIT_MAX_MS)
		return error_set(err, REAPQ_EINVAL, "\"%.100s\" is over 10m", text);
	return rc;
}

static int
add_env(struct options *o, const char *text, struct reapq_error *err)
{
	const char **env;

	if (!strchr(text, '=') || *text == '=')
		return error_set(
		    err, REAPQ_EINVAL, "\"%.100s\" is not NAME=VALUE", text);
	env = reallocarray(o->env, o->env_n + 2, sizeof *env);
	if (!env)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	env[o->env_n++] = text;
	env[o->env_n] = NULL;
	o->env = env;
	o->task.env = env;
	return 0;
}

/* "10/s" "600/m" "none" */
static int
set_rate(struct options *o, const char *text, struct reapq_error *err)
{
	const char *slash = strchr(text, '/');
	char count[24];
	size_t len;

	if (strcmp(text, "none") == 0) {
		o->rate_max = 0;
		return 0;
	}
	if (!slash || strlen(slash) != 2 || !strchr("smh", slash[1]))
		return error_set(err, REAPQ_EINVAL,
		    "\"%.100s\" is no rate: N/s, N/m, N/h or none", text);
	len = (size_t)(slash - text) < sizeof count ? (size_t)(slash - text)
						    : sizeof count - 1;
	memcpy(count, text, len);
	count[len] = '\0';
	o->rate_ms = slash[1] == 's' ? 1000 : slash[1] == 'm' ? 60000 : 3600000;
	return units_count(count, 1, REAPQ_RATE_MAX, &o->rate_max, err);
}

static int
set_max_length(struct options *o, const char *text, struct reapq_error *err)
{
	if (strcmp(text, "none") == 0) {
		o->max_length = 0;
		return 0;
	}
	return units_count(text, 1, REAPQ_LENGTH_MAX, &o->max_length, err);
}

static int
add_module(struct options *o, const char *path, struct reapq_error *err)
{
	const char **grown =
	    reallocarray(o->modules, o->modules_n + 1, sizeof *o->modules);

	if (!grown)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	o->modules = grown;
	o->modules[o->modules_n++] = path;
	return 0;
}

static int
set_policy(struct options *o, int flag, const char *text, struct reapq_error *err)
{
	struct reapq_task *task = &o->task;

	switch (flag) {
	case FLAG_MAX_ATTEMPTS:
		return set_int(&task->max_attempts, text, 1, ATTEMPTS_MAX, err);
	case FLAG_RETRY_DELAY:
		return set_duration(&task->retry_delay_ms, text, 1, err);
	case FLAG_RETRY_ON:
		return values_retry_on(task, text, err);
	case FLAG_OOM_RETRY_MEMORY:
		return values_oom_retry(task, text, err);
	case FLAG_OOM_QUEUE:
		return set_name(&task->oom_queue, "queue", text, err);
	case FLAG_MAX_LOST:
		return set_max_lost(task, text, err);
	case FLAG_ONCE:
		o->once = true;
		task->max_attempts = 1;
		task->max_lost = REAPQ_MAX_LOST_NONE;
		return 0;
	case FLAG_DELAY:
		return set_duration(&task->delay_ms, text, 0, err);
	case FLAG_DEADLINE:
		return set_duration(&task->deadline_ms, text, 1, err);
	case FLAG_PRIORITY:
		return values_priority(&task->priority, text, err);
	case FLAG_ID:
		return set_name(&task->id, "task id", text, err);
	case FLAG_UNIQUE:
		return set_name(&task->unique, "key", text, err);
	case FLAG_RESULT_TTL:
		return set_duration(&task->result_ttl_ms, text, 1, err);
	case FLAG_TAG:
		return values_tag(task, text, err);
	default:
		return error_set(err, REAPQ_EINVAL, "not known");
	}
}

/* Which entries of the dead list; what repro runs. */
static int
set_filter(struct options *o, int flag, const char *text, struct reapq_error *err)
{
	switch (flag) {
	case FLAG_VERDICT:
		return values_verdict(&o->verdict, text, err);
	case FLAG_HANDLER:
		o->handler = text;
		return 0;
	case FLAG_OLDER_THAN:
		return set_duration(&o->older_ms, text, 0, err);
	case FLAG_SINCE:
		return set_duration(&o->since_ms, text, 0, err);
	case FLAG_MOST:
		return units_count(text, 1, 1000000, &o->most, err);
	case FLAG_MODULE:
		return add_module(o, text, err);
	case FLAG_MESSAGE_FILE:
		o->message_file = text;
		return 0;
	case FLAG_SAVE_MESSAGE:
		o->save_message = text;
		return 0;
	default:
		return set_policy(o, flag, text, err);
	}
}

static int
set_value(struct options *o, int flag, const char *text, struct reapq_error *err)
{
	switch (flag) {
	case FLAG_REDIS:
		o->redis = text;
		return 0;
	case FLAG_PASSWORD_FILE:
		o->password_file = text;
		return 0;
	case FLAG_QUEUE:
		o->task.queue = text;
		o->queue_given = true;
		return set_name(&o->queue, "queue", text, err);
	case FLAG_ENV:
		return add_env(o, text, err);
	case FLAG_CWD:
		o->task.cwd = text;
		return 0;
	case FLAG_PAYLOAD_FILE:
		o->payload_file = text;
		return 0;
	case FLAG_PAYLOAD_LIMIT:
		return units_size(text, &o->payload_max, err);
	case FLAG_TIMEOUT:
		return set_duration(&o->timeout_ms, text, 0, err);
	case FLAG_CHUNK:
		return units_count(text, 1, 1000000, &o->chunk, err);
	case FLAG_DURABILITY:
		return values_durability(&o->durability, text, err);
	case FLAG_DURABILITY_TIMEOUT:
		return set_wait(&o->durability_timeout_ms, text, err);
	case FLAG_RATE:
		return set_rate(o, text, err);
	case FLAG_MAX_LENGTH:
		return set_max_length(o, text, err);
	case FLAG_WINDOW:
		return units_count(text, 1, 1000000, &o->window, err);
	default:
		return set_filter(o, flag, text, err);
	}
}

static bool
set_switch(struct options *o, int flag)
{
	switch (flag) {
	case 'h':
	case FLAG_HELP:
		o->help = true;
		break;
	case FLAG_VERSION:
		o->version = true;
		break;
	case FLAG_STDIN:
		o->use_stdin = true;
		break;
	case FLAG_JSON:
		o->json = true;
		break;
	case FLAG_VERBOSE:
		o->verbose = true;
		break;
	case FLAG_FORCE:
		o->force = true;
		break;
	case FLAG_KILL:
		o->kill = true;
		break;
	case FLAG_KEEP_ORDER:
		o->keep_order = true;
		break;
	case FLAG_PROGRESS:
		o->progress = o->summary = true;
		break;
	case FLAG_SUMMARY:
		o->summary = true;
		break;
	case FLAG_ALL:
		o->all = true;
		break;
	case FLAG_GDB:
		o->gdb = true;
		break;
	case FLAG_PRINT_COMMAND:
		o->print_command = true;
		break;
	default:
		return false;
	}
	return true;
}

static int
set_limit(struct options *o, int flag, const char *text, struct reapq_error *err)
{
	int64_t value;
	enum limit_index i = (enum limit_index)(flag - FLAG_LIMIT);
	int rc = limit_parse(i, text, &value, err);

	if (rc == 0)
		limit_set(&o->task.limits, i, value);
	return rc;
}

/* What getopt_long(3) could not read, in words; word is the offending argument. */
static int
refuse(
    int problem, const char *word, const struct option *rows, struct reapq_error *err)
{
	size_t len = strcspn(word, "=");

	if (problem == '?' && optopt > 0 && optopt < FLAG_FIRST)
		return error_set(
		    err, REAPQ_EINVAL, "there is no option \"-%c\"", optopt);
	if (problem == ':')
		return error_set(
		    err, REAPQ_EINVAL, "option \"%.100s\" needs a value", word);
	for (; rows->name; rows++)
		if (word[len] == '=' && strlen(rows->name) + 2 == len &&
		    strncmp(rows->name, word + 2, len - 2) == 0)
			return error_set(err, REAPQ_EINVAL,
			    "option \"--%s\" takes no value", rows->name);
	return error_set(err, REAPQ_EINVAL, "there is no option \"%.*s\"",
	    (int)(len < 100 ? len : 100), word);
}

static int
take(struct options *o, int flag, const struct option *row, struct reapq_error *err)
{
	int rc;

	if (set_switch(o, flag))
		return 0;
	rc = flag >= FLAG_LIMIT ? set_limit(o, flag, optarg, err)
				: set_value(o, flag, optarg, err);
	return rc == 0 ? 0 : error_wrap(err, rc, "--%s", row->name);
}

int
options_parse(struct options *o, unsigned groups, enum options_style style, int argc,
    char **argv, struct reapq_error *err)
{
	const char *shorts = style == OPTIONS_FIRST ? "+:h" : "-:h";
	struct option rows[FLAGS_MAX];
	size_t n = 0;

	o->submits = (groups & FLAGS_POLICY) != 0;
	flags_getopt(groups, rows);
	opterr = 0;
	optind = 0; /* glibc: start afresh, and read the first character of shorts */
	for (;;) {
		int before = optind > 0 ? optind : 1;
		int row = -1;
		int flag = getopt_long(argc, argv, shorts, rows, &row);
		int rc;

		if (flag == -1) {
			/* Only a lone -- is stepped over. */
			o->command = optind == before + 1 && n == 0;
			break;
		}
		if (flag == '?' || flag == ':')
			return refuse(flag, argv[optind - 1], rows, err);
		if (flag == 1) { /* an argument: moved to the front, in order */
			argv[1 + n++] = optarg;
			continue;
		}
		rc = take(o, flag, row >= 0 ? &rows[row] : rows, err);
		if (rc < 0)
			return rc;
	}
	for (int i = optind; i < argc; i++)
		argv[1 + n++] = argv[i];
	argv[1 + n] = NULL;
	o->args = (const char *const *)(argv + 1);
	o->args_n = n;
	/* --max-attempts and --max-lost before it are overruled */
	if (o->once && (o->task.oom_factor != 0 || o->task.oom_step != 0 ||
			   o->task.oom_queue != NULL || o->task.max_attempts != 1 ||
			   o->task.max_lost != REAPQ_MAX_LOST_NONE))
		return error_set(err, REAPQ_EINVAL,
		    "--once, and a flag that starts it again (--oom-retry-memory, "
		    "--oom-queue, --max-attempts or --max-lost)");
	if (o->task.oom_queue != NULL && o->task.max_lost == REAPQ_MAX_LOST_NONE)
		return error_set(err, REAPQ_EINVAL,
		    "--oom-queue needs --max-lost of 1 or more: a worker that is lost "
		    "while it moves the task would leave both a report and a run");
	return 0;
}

void
options_free(struct options *o)
{
	free(o->env);
	free(o->modules);
	o->env = o->modules = NULL;
}
