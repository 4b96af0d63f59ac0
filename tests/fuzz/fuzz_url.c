/*
 * fuzz_url.c - any text as a Redis URL.
 *
 * What is accepted has its fields within bounds, is shown within any buffer, and, where
 * it holds no user and no password (which are not shown in full), parses again to the
 * same.
 */
#include "fuzz.h"

#include "check.h"
#include "url.h"

#include <stdlib.h>
#include <string.h>

static void
check_fields(const struct url *u)
{
	CHECK(memchr(u->host, '\0', sizeof(u->host)));
	CHECK(memchr(u->path, '\0', sizeof(u->path)));
	CHECK(memchr(u->user, '\0', sizeof(u->user)));
	CHECK(memchr(u->password, '\0', sizeof(u->password)));
	CHECK((u->host[0] == '\0') != (u->path[0] == '\0'));
	CHECK(u->path[0] != '\0' || (u->port > 0 && u->port < 65536));
	CHECK(u->db >= 0);
}

static void
check_again(const struct url *u)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct url v;
	char text[4096];

	(void)url_format(u, text, sizeof(text));
	CHECK(url_parse(text, &v, &err) == 0);
	CHECK(strcmp(u->host, v.host) == 0 && strcmp(u->path, v.path) == 0);
	CHECK(u->port == v.port && u->db == v.db && u->tls == v.tls);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct url u;
	char *text = malloc(size + 1);
	char small[9];

	CHECK(text != NULL);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	CHECK(strlen(url_redact(text, small, sizeof(small))) < sizeof(small));
	if (url_parse(text, &u, &err) == 0) {
		check_fields(&u);
		CHECK(strlen(url_format(&u, small, sizeof(small))) < sizeof(small));
		if (u.user[0] == '\0' && u.password[0] == '\0')
			check_again(&u);
	} else {
		CHECK(err.code == REAPQ_EINVAL && err.msg[0] != '\0');
	}
	free(text);
	return 0;
}
