/*
 * config_secret.c - keeps passwords out of ps and /proc.
 *
 * Owns nothing. Works on the memory that the kernel shows: strings are overwritten in
 * place, never replaced.
 */
#include "config_secret.h"

#include "error.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
config_secret_file(const char *path, char *buf, size_t cap, struct reapq_error *err)
{
	FILE *f = fopen(path, "re");
	int rc = 0;

	if (f == NULL)
		return error_sys(err, errno, "password file %s", path);
	if (fgets(buf, (int)cap, f) == NULL) {
		rc = error_set(err, REAPQ_EINVAL, "password file %s is empty", path);
	} else {
		if (strchr(buf, '\n') == NULL && !feof(f))
			rc = error_set(err, REAPQ_EINVAL,
			    "the first line of password file %s is longer than %zu "
			    "bytes",
			    path, cap - 1);
		buf[strcspn(buf, "\r\n")] = '\0';
		if (rc == 0 && buf[0] == '\0')
			rc = error_set(err, REAPQ_EINVAL,
			    "the first line of password file %s is empty", path);
	}
	(void)fclose(f);
	return rc;
}

/* Everything between "://" and the last '@'. */
static void
scrub_url(char *text)
{
	char *from = strstr(text, "://");
	char *to = strrchr(text, '@');

	if (from == NULL || to == NULL || to < from + 3)
		return;
	memset(from + 3, '*', (size_t)(to - from - 3));
}

void
config_secret_scrub(int argc, char **argv)
{
	char *password = getenv("REAPQ_REDIS_PASSWORD");
	char *url = getenv("REAPQ_REDIS");

	for (int i = 1; i < argc; i++)
		scrub_url(argv[i]);
	if (url != NULL)
		scrub_url(url);
	if (password != NULL)
		memset(password, '*', strlen(password));
}
