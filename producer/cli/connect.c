/*
 * connect.c - finds out where Redis is and with which password, and connects.
 *
 * From the flags, else from the environment, else the default. The password is
 * never printed: addresses are shown through url_redact(), and the copy read from
 * a file is wiped as soon as the library has its own.
 */
#include "connect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "exits.h"
#include "say.h"
#include "url.h"

enum {
	PASSWORD_MAX = 512
};

static const char *
env_or_null(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The first line of the file, without its end. */
static int
read_password(
    const char *path, char ret_password[PASSWORD_MAX], struct reapq_error *err)
{
	FILE *file = fopen(path, "re");
	int rc = 0;
	size_t len;

	if (!file)
		return error_sys(err, errno, "cannot read the password file %s", path);
	/* Unbuffered: no second copy of it stays behind in the heap. */
	(void)setvbuf(file, NULL, _IONBF, 0);
	if (!fgets(ret_password, PASSWORD_MAX, file))
		ret_password[0] = '\0';
	len = strcspn(ret_password, "\r\n");
	if (ferror(file))
		rc = error_sys(err, errno, "cannot read the password file %s", path);
	else if (len == 0)
		rc =
		    error_set(err, REAPQ_EINVAL, "the password file %s is empty", path);
	else if (len == PASSWORD_MAX - 1)
		rc = error_set(err, REAPQ_EINVAL,
		    "the first line of the password file %s has %d bytes or more", path,
		    PASSWORD_MAX - 1);
	ret_password[len] = '\0';
	(void)fclose(file);
	return rc;
}

static int
say_refused(const char *url, const struct reapq_error *err)
{
	static const char cure[] = "Start one, or give --redis URL (or REAPQ_REDIS).";
	char shown[512];

	if (err->code != REAPQ_ECONN) {
		say_error(err);
		return exits_of_error(err->code);
	}
	if (strstr(err->msg, "Redis at "))
		say_line("%s. %s", err->msg, cure);
	else
		say_line("no Redis at %s: %s. %s", url_redact(url, shown, sizeof shown),
		    err->msg, cure);
	return EXITS_REAPQ;
}

int
connect_open(const struct options *opts, struct reapq_client **ret_client)
{
	struct reapq_client_options co = {.size = sizeof co};
	struct reapq_error err = REAPQ_ERROR_INIT;
	const char *file = opts->password_file;
	char password[PASSWORD_MAX];
	int rc = 0;

	co.url = opts->redis ? opts->redis : env_or_null("REAPQ_REDIS");
	if (!co.url)
		co.url = URL_DEFAULT;
	co.payload_max = opts->payload_max;
	/* Whoever only looks at tasks, or waits for them, puts none at risk. */
	co.allow_eviction = opts->force || !opts->submits;
	co.durability = opts->durability;
	co.durability_timeout_ms = (int)opts->durability_timeout_ms;
	if (!file) {
		co.password = env_or_null("REAPQ_REDIS_PASSWORD");
		file = co.password ? NULL : env_or_null("REAPQ_REDIS_PASSWORD_FILE");
	}
	if (file) {
		if (read_password(file, password, &err) < 0) {
			say_error(&err);
			return EXITS_REAPQ;
		}
		co.password = password;
	}
	if (reapq_client_new(ret_client, &co, &err) < 0)
		rc = say_refused(co.url, &err);
	else if (opts->submits && reapq_client_warning(*ret_client)[0])
		say_line("%s", reapq_client_warning(*ret_client));
	explicit_bzero(password, sizeof password);
	return rc;
}
