/*
 * config.c - one table of options; argp for the command line, the same names for the
 * environment.
 *
 * Owns the copies that strings point to. Passwords do not stay where others can read
 * them: after loading, argv and the environment's memory no longer have them.
 */
#include "config.h"

#include "config_secret.h"
#include "cpus.h"
#include "error.h"
#include "id.h"
#include "limit.h"
#include "units.h"
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* argp reads it from libc: hidden, as all else here is, it would not be seen. */
REAPQ_API const char *argp_program_version = "reapq-worker " REAPQ_VERSION;

enum key {
	KEY_REDIS = 256,
	KEY_PASSWORD_FILE,
	KEY_QUEUE,
	KEY_CONCURRENCY,
	KEY_MODULE,
	KEY_ALLOW_EXEC,
	KEY_FORCE,
	KEY_GRACE,
	KEY_KILL_GRACE,
	KEY_LEASE,
	KEY_EMBEDDED,
	KEY_WARM,
	KEY_LOG_LEVEL,
	KEY_CHECK,
	KEY_OOM_TEST,
	KEY_HEALTH,
	KEY_HEALTH_AGE,
	KEY_ISOLATION,
	KEY_MEMORY_RLIMIT,
	KEY_SECCOMP,
	KEY_CHILD_USER,
	KEY_CHILD_UIDS,
	KEY_NO_NEW_PRIVS,
	KEY_READ_ONLY_ROOT,
	KEY_WRITABLE,
	KEY_DEFAULT, /* + enum limit_index */
	KEY_MAX = KEY_DEFAULT + LIMIT_N,
	KEY_END = KEY_MAX + LIMIT_N
};

static const struct argp_option fixed[] = {
    {"redis", KEY_REDIS, "URL", 0,
	"redis://[user:password@]host[:port][/db], unix:///path[?db=N]; default "
	"redis://127.0.0.1:6379/0",
	1},
    {"redis-password-file", KEY_PASSWORD_FILE, "FILE", 0,
	"read the password from FILE; REAPQ_REDIS_PASSWORD holds it itself", 1},
    {"embedded", KEY_EMBEDDED, NULL, 0,
	"start a private redis-server, print its URL, end it with this worker", 1},
    {"queue", KEY_QUEUE, "NAME", 0,
	"take tasks of this queue; may be repeated, the first has priority; default "
	"'default'",
	1},
    {"concurrency", KEY_CONCURRENCY, "N", 0,
	"children at a time, 1 to 128; default: the cores this process may use", 1},
    {"module", KEY_MODULE, "FILE.so", 0, "load handlers; may be repeated", 1},
    {"allow-exec", KEY_ALLOW_EXEC, NULL, 0, "run the command lines that tasks bring",
	1},
    {"force", KEY_FORCE, NULL, 0,
	"start although Redis may evict tasks (its maxmemory-policy)", 1},
    {"grace", KEY_GRACE, "D", 0,
	"after SIGTERM, how long running attempts may take to end; default 30s", 1},
    {"kill-grace", KEY_KILL_GRACE, "D", 0,
	"how long a task that is stopped has between SIGTERM and SIGKILL; default 1s",
	1},
    {"lease", KEY_LEASE, "D", 0,
	"how long a claim lasts without a heartbeat, 500ms to 1h; default 5s", 1},
    {"warm", KEY_WARM, "N", 0,
	"children forked ahead while all slots are busy, 0 to 64; default 2", 1},
    {"log-level", KEY_LOG_LEVEL, "LEVEL", 0, "debug, info, warn or error; default info",
	1},
    {"check", KEY_CHECK, NULL, 0, "print what this host allows, and end", 1},
    {"oom-test", KEY_OOM_TEST, NULL, 0,
	"with --check: let a process run out of memory, and see that it is counted", 1},
    {"health", KEY_HEALTH, "PID", OPTION_ARG_OPTIONAL,
	"ask the worker PID, or all of this user's, and end: 0 if it is healthy", 1},
    {"health-age", KEY_HEALTH_AGE, "D", 0,
	"how long ago a healthy one has fetched at most; default 15s", 1},
    {"isolation", KEY_ISOLATION, "TIER", 0,
	"auto, or exactly A, A0, B, C or D; default: the best that this host gives", 1},
    {"memory-rlimit", KEY_MEMORY_RLIMIT, NULL, 0,
	"put memory limits on as RLIMIT_DATA too, which makes malloc fail", 1},
    {"seccomp", KEY_SECCOMP, "PROFILE", 0,
	"system calls that tasks may not make: default, strict, or a file with one "
	"name "
	"a line",
	1},
    {"child-user", KEY_CHILD_USER, "USER[:GROUP]", 0,
	"run tasks as this user; the worker must be root", 1},
    {"child-uids", KEY_CHILD_UIDS, "FIRST[-LAST]", 0,
	"run each task as a user of its own; the worker must be root", 1},
    {"no-new-privs", KEY_NO_NEW_PRIVS, NULL, 0,
	"tasks get no privileges by set-id programs", 1},
    {"read-only-root", KEY_READ_ONLY_ROOT, NULL, 0,
	"tasks see all files read-only, and a /tmp that is not the host's", 1},
    {"writable", KEY_WRITABLE, "DIR", 0, "not this directory; may be repeated", 1},
};

#define FIXED_N (sizeof(fixed) / sizeof(fixed[0]))

/* fixed, then --default-X and --max-X for each limit, then the end mark */
static struct argp_option options[FIXED_N + (size_t)2 * LIMIT_N + 1];
static char option_texts[(size_t)2 * LIMIT_N][2][160];

static char *
keep(struct config *c, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL ||
	    c->memory_count == (int)(sizeof(c->memory) / sizeof(c->memory[0]))) {
		free(copy);
		return NULL;
	}
	c->memory[c->memory_count++] = copy;
	return copy;
}

static int
add_queue(struct config *c, const char *name, struct reapq_error *err)
{
	char *copy;

	if (!id_valid(name))
		return error_set(err, REAPQ_EINVAL,
		    "'%s' is no queue name: 1 to %d letters, digits, '_', '.' or '-'",
		    name, REAPQ_ID_MAX);
	if (c->queues_count == CONFIG_QUEUES_MAX)
		return error_set(
		    err, REAPQ_EINVAL, "more than %d queues", CONFIG_QUEUES_MAX);
	if ((copy = keep(c, name)) == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory");
	c->queues[c->queues_count++] = copy;
	return 0;
}

static int
add_module(struct config *c, const char *path, struct reapq_error *err)
{
	/* With a slash dlopen takes the path as it stands, dlopen(3). */
	char *real = strchr(path, '/') != NULL ? keep(c, path) : NULL;
	char local[4096];

	if (real == NULL) {
		snprintf(local, sizeof(local), "./%s", path);
		real = keep(c, local);
	}
	if (real == NULL || c->modules_count == CONFIG_MODULES_MAX)
		return error_set(
		    err, REAPQ_EINVAL, "more than %d modules", CONFIG_MODULES_MAX);
	c->modules[c->modules_count++] = real;
	return 0;
}

static int
keep_text(
    struct config *c, const char *text, const char **ret_text, struct reapq_error *err)
{
	*ret_text = keep(c, text);
	return *ret_text != NULL ? 0 : error_set(err, REAPQ_ENOMEM, "no memory");
}

static int
add_writable(struct config *c, const char *path, struct reapq_error *err)
{
	struct sandbox_config *s = &c->sandbox;

	if (s->writable_n == SANDBOX_WRITABLE_MAX)
		return error_set(
		    err, REAPQ_EINVAL, "more than %d", SANDBOX_WRITABLE_MAX);
	return keep_text(c, path, &s->writable[s->writable_n++], err);
}

/* "a,b" from the environment: several of what may be repeated on the command line. */
static int
add_list(struct config *c, const char *text, const char *separators,
    int (*add)(struct config *, const char *, struct reapq_error *),
    struct reapq_error *err)
{
	char *copy = strdup(text);
	char *save = NULL;
	int rc = copy == NULL ? error_set(err, REAPQ_ENOMEM, "no memory") : 0;

	for (char *word = copy == NULL ? NULL : strtok_r(copy, separators, &save);
	     rc == 0 && word != NULL; word = strtok_r(NULL, separators, &save))
		rc = add(c, word, err);
	free(copy);
	return rc;
}

static int
parse_switch(const char *text, bool *ret_on, struct reapq_error *err)
{
	static const char *const on[] = {"1", "yes", "true", "on"};
	static const char *const off[] = {"0", "no", "false", "off", ""};

	for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
		if (strcasecmp(text, on[i]) == 0) {
			*ret_on = true;
			return 0;
		}
	}
	for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		if (strcasecmp(text, off[i]) == 0) {
			*ret_on = false;
			return 0;
		}
	}
	return error_set(err, REAPQ_EINVAL, "'%s' is neither yes nor no", text);
}

static int
parse_between(const char *text, int64_t min, int64_t max, int64_t *ret_ms,
    struct reapq_error *err)
{
	int64_t ms;
	int rc = units_duration(text, &ms, err);

	if (rc != 0)
		return rc;
	if (ms < min || ms > max)
		return error_set(err, REAPQ_EINVAL, "'%s' is not from %lldms to %lldms",
		    text, (long long)min, (long long)max);
	*ret_ms = ms;
	return 0;
}

static int
parse_count(const char *text, int min, int max, int *ret_n, struct reapq_error *err)
{
	int64_t n;
	int rc = units_count(text, min, max, &n, err);

	if (rc == 0)
		*ret_n = (int)n;
	return rc;
}

static int
set_limit(struct config *c, int key, const char *text, struct reapq_error *err)
{
	bool max = key >= KEY_MAX;
	enum limit_index i = (enum limit_index)(key - (max ? KEY_MAX : KEY_DEFAULT));
	int64_t value;
	int rc = limit_parse(i, text, &value, err);

	if (rc == 0)
		limit_set(max ? &c->ceilings : &c->defaults, i, value);
	c->memory_given = c->memory_given || (rc == 0 && !max && i == LIMIT_MEMORY);
	return rc;
}

/* One option's value, from wherever it came. */
static int
set(struct config *c, int key, const char *text, bool from_env, struct reapq_error *err)
{
	switch (key) {
	case KEY_REDIS:
		return url_parse(text, &c->url, err);
	case KEY_PASSWORD_FILE:
		return config_secret_file(text, c->password, sizeof(c->password), err);
	case KEY_QUEUE:
		return from_env ? add_list(c, text, ",", add_queue, err)
				: add_queue(c, text, err);
	case KEY_MODULE:
		return from_env ? add_list(c, text, ":", add_module, err)
				: add_module(c, text, err);
	case KEY_CONCURRENCY:
		return parse_count(
		    text, 1, CONFIG_CONCURRENCY_MAX, &c->concurrency, err);
	case KEY_WARM:
		return parse_count(text, 0, 64, &c->warm, err);
	case KEY_ALLOW_EXEC:
		return parse_switch(text, &c->allow_exec, err);
	case KEY_EMBEDDED:
		return parse_switch(text, &c->embedded, err);
	case KEY_FORCE:
		return parse_switch(text, &c->force, err);
	case KEY_CHECK:
		return parse_switch(text, &c->check, err);
	case KEY_OOM_TEST:
		return parse_switch(text, &c->oom_test, err);
	case KEY_MEMORY_RLIMIT:
		return parse_switch(text, &c->memory_rlimit, err);
	case KEY_NO_NEW_PRIVS:
		return parse_switch(text, &c->sandbox.no_new_privs, err);
	case KEY_READ_ONLY_ROOT:
		return parse_switch(text, &c->sandbox.read_only_root, err);
	case KEY_SECCOMP:
		return keep_text(c, text, &c->sandbox.seccomp, err);
	case KEY_CHILD_USER:
		return keep_text(c, text, &c->sandbox.user, err);
	case KEY_CHILD_UIDS:
		return keep_text(c, text, &c->sandbox.users, err);
	case KEY_WRITABLE:
		return from_env ? add_list(c, text, ":", add_writable, err)
				: add_writable(c, text, err);
	case KEY_HEALTH:
		return error_set(err, REAPQ_EINVAL,
		    "is a question to a worker that runs, and comes first");
	case KEY_HEALTH_AGE: /* the asking side reads it, health_ask.c */
		return from_env ? 0
				: error_set(err, REAPQ_EINVAL, "goes with --health");
	case KEY_ISOLATION:
		if (isolation_tier_parse(text) < 0)
			return error_set(err, REAPQ_EINVAL,
			    "'%s' is not auto, A, A0, B, C or D", text);
		c->isolation = (enum isolation_tier)isolation_tier_parse(text);
		return 0;
	case KEY_GRACE:
		return parse_between(text, 0, INT32_MAX, &c->grace_ms, err);
	case KEY_KILL_GRACE:
		return parse_between(text, 0, 600000, &c->kill_grace_ms, err);
	case KEY_LEASE:
		return parse_between(text, 500, 3600000, &c->lease_ms, err);
	case KEY_LOG_LEVEL:
		if (log_level_parse(text) < 0)
			return error_set(err, REAPQ_EINVAL,
			    "'%s' is not debug, info, warn or error", text);
		c->log_level = (enum log_level)log_level_parse(text);
		return 0;
	default:
		return set_limit(c, key, text, err);
	}
}

struct command_line {
	struct config *config;
	bool queues_seen, modules_seen;
};

static error_t
parse_opt(int key, char *arg, struct argp_state *state)
{
	struct command_line *line = state->input;
	struct config *c = line->config;
	struct reapq_error err = REAPQ_ERROR_INIT;

	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument '%s'", arg);
	if (key < KEY_REDIS || key >= KEY_END)
		return ARGP_ERR_UNKNOWN;
	/* what the command line names replaces what the environment named */
	if (key == KEY_QUEUE && !line->queues_seen)
		c->queues_count = 0;
	if (key == KEY_MODULE && !line->modules_seen)
		c->modules_count = 0;
	line->queues_seen = line->queues_seen || key == KEY_QUEUE;
	line->modules_seen = line->modules_seen || key == KEY_MODULE;
	if (set(c, key, arg != NULL ? arg : "yes", false, &err) != 0) {
		const struct argp_option *o = options;

		while (o->key != key)
			o++;
		argp_failure(state, 2, 0, "--%s: %s", o->name, err.msg);
	}
	return 0;
}

static void
make_options(void)
{
	struct argp_option *o = options;
	int k = 0;

	memcpy(options, fixed, sizeof(fixed));
	o += FIXED_N;
	for (int max = 0; max < 2; max++) {
		for (int i = 0; i < LIMIT_N; i++, k++, o++) {
			snprintf(option_texts[k][0], sizeof(option_texts[k][0]),
			    "%s-%s", max ? "max" : "default", limit_table[i].flag);
			snprintf(option_texts[k][1], sizeof(option_texts[k][1]),
			    "%s: %s",
			    max ? "no task gets more of"
				: "for tasks that ask for none",
			    limit_table[i].help);
			o->name = option_texts[k][0];
			o->key = (max ? KEY_MAX : KEY_DEFAULT) + i;
			o->arg = limit_table[i].unit == LIMIT_BYTES ? "SIZE"
				 : limit_table[i].unit == LIMIT_MS  ? "D"
								    : "N";
			o->doc = option_texts[k][1];
			o->group = 2 + max;
		}
	}
}

static void
env_name(const char *flag, char *name, size_t cap)
{
	int n = snprintf(name, cap, "REAPQ_%s", flag);

	for (int i = 6; i < n; i++) {
		if (name[i] == '-')
			name[i] = '_';
		else
			name[i] = (char)toupper((unsigned char)name[i]);
	}
}

static void
load_environment(struct config *c)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	for (const struct argp_option *o = options; o->name != NULL; o++) {
		char name[96];
		const char *text;

		env_name(o->name, name, sizeof(name));
		text = getenv(name);
		if (text != NULL && text[0] != '\0' &&
		    set(c, o->key, text, true, &err) != 0) {
			fprintf(stderr, "reapq-worker: %s: %s\n", name, err.msg);
			exit(2);
		}
	}
}

static void
set_defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	(void)url_parse(URL_DEFAULT, &c->url, NULL);
	c->concurrency = cpus_usable();
	if (c->concurrency > CONFIG_CONCURRENCY_MAX)
		c->concurrency = CONFIG_CONCURRENCY_MAX;
	c->warm = 2;
	c->grace_ms = 30000;
	c->kill_grace_ms = 1000;
	c->lease_ms = 5000;
	c->log_level = LOG_INFO;
	limit_fallbacks(&c->defaults);
}

void
config_load(struct config *c, int argc, char **argv)
{
	static const char doc[] =
	    "Takes tasks from Redis and runs each in a child of its own.\v"
	    "Each option has an environment variable: REAPQ_ and its name in capitals, "
	    "as "
	    "REAPQ_MAX_MEMORY; queues are separated by commas there, modules by "
	    "colons. "
	    "SIGTERM or SIGINT: take no more, let running attempts end within --grace, "
	    "then "
	    "give them back; a second signal: at once.";
	struct argp argp = {options, parse_opt, NULL, doc, NULL, NULL, NULL};
	const char *password = getenv("REAPQ_REDIS_PASSWORD");
	struct command_line line = {.config = c};

	set_defaults(c);
	make_options();
	argp_err_exit_status = 2;
	load_environment(c);
	(void)argp_parse(&argp, argc, argv, 0, NULL, &line);
	if (c->password[0] == '\0' && password != NULL)
		snprintf(c->password, sizeof(c->password), "%s", password);
	/* wherever --redis stood, a password given apart from it counts */
	if (c->password[0] != '\0')
		snprintf(c->url.password, sizeof(c->url.password), "%s", c->password);
	explicit_bzero(c->password, sizeof(c->password));
	if (c->queues_count == 0)
		(void)add_queue(c, REAPQ_QUEUE_DEFAULT, NULL);
	config_secret_scrub(argc, argv);
}

void
config_free(struct config *c)
{
	for (int i = 0; i < c->memory_count; i++)
		free(c->memory[i]);
	c->memory_count = 0;
	explicit_bzero(c->url.password, sizeof(c->url.password));
}
