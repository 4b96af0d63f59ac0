/* test_url.c - what is understood, what is refused, and that no password is shown. */
#include "cmocka_all.h"

#include "url.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	struct url want;
	const char *shown;
} good[] = {
    {URL_DEFAULT, {.host = "127.0.0.1", .port = 6379}, "redis://127.0.0.1:6379/0"},
    {"redis://web7", {.host = "web7", .port = 6379}, "redis://web7:6379/0"},
    {"redis://web7/", {.host = "web7", .port = 6379}, "redis://web7:6379/0"},
    {"redis://web7:1/2147483647", {.host = "web7", .port = 1, .db = 2147483647},
	"redis://web7:1/2147483647"},
    {"redis://h:65535", {.host = "h", .port = 65535}, "redis://h:65535/0"},
    {"REDIS://Up_per.Case-1", {.host = "Up_per.Case-1", .port = 6379},
	"redis://Up_per.Case-1:6379/0"},
    {"rediss://h", {.host = "h", .port = 6379, .tls = true}, "rediss://h:6379/0"},
    /* Without a host: this one. */
    {"redis://", {.host = "127.0.0.1", .port = 6379}, "redis://127.0.0.1:6379/0"},
    {"redis:///3", {.host = "127.0.0.1", .port = 6379, .db = 3},
	"redis://127.0.0.1:6379/3"},
    {"redis://:7000", {.host = "127.0.0.1", .port = 7000}, "redis://127.0.0.1:7000/0"},
    {"redis://:pw@", {.host = "127.0.0.1", .port = 6379, .password = "pw"},
	"redis://:***@127.0.0.1:6379/0"},
    /* Users and passwords. */
    {"redis://:pw@host", {.host = "host", .port = 6379, .password = "pw"},
	"redis://:***@host:6379/0"},
    {"redis://bob:pw@host:1/2",
	{.host = "host", .port = 1, .db = 2, .user = "bob", .password = "pw"},
	"redis://bob:***@host:1/2"},
    {"redis://bob:@host", {.host = "host", .port = 6379, .user = "bob"},
	"redis://bob:@host:6379/0"},
    {"redis://b%40b:p%40%3A%2f%3F%23%25+%c3%a9@host",
	{.host = "host", .port = 6379, .user = "b@b", .password = "p@:/?#%+\xc3\xa9"},
	"redis://b%40b:***@host:6379/0"},
    {"redis://:a:b:c@host", {.host = "host", .port = 6379, .password = "a:b:c"},
	"redis://:***@host:6379/0"},
    /* IPv6. */
    {"redis://[::1]", {.host = "::1", .port = 6379}, "redis://[::1]:6379/0"},
    {"redis://u:p@[2001:db8::5]:7/1",
	{.host = "2001:db8::5", .port = 7, .db = 1, .user = "u", .password = "p"},
	"redis://u:***@[2001:db8::5]:7/1"},
    {"redis://[fe80::1%25eth0]:9", {.host = "fe80::1%eth0", .port = 9},
	"redis://[fe80::1%25eth0]:9/0"},
    {"redis://[fe80::1%eth0]", {.host = "fe80::1%eth0", .port = 6379},
	"redis://[fe80::1%25eth0]:6379/0"},
    /* Sockets. */
    {"unix:///run/redis.sock", {.path = "/run/redis.sock"},
	"unix:///run/redis.sock?db=0"},
    {"unix:/run/redis.sock", {.path = "/run/redis.sock"},
	"unix:///run/redis.sock?db=0"},
    {"unix:///run/redis.sock?db=5", {.path = "/run/redis.sock", .db = 5},
	"unix:///run/redis.sock?db=5"},
    {"unix:///tmp/a%3Fb@c:d%20e?db=1", {.path = "/tmp/a?b@c:d e", .db = 1},
	"unix:///tmp/a%3Fb%40c%3Ad%20e?db=1"},
};

static void
understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct reapq_error err = REAPQ_ERROR_INIT;
		struct url u;
		char shown[400];

		if (url_parse(good[i].text, &u, &err))
			fail_msg("%s: %s", good[i].text, err.msg);
		assert_string_equal(u.host, good[i].want.host);
		assert_int_equal(u.port, good[i].want.port);
		assert_string_equal(u.path, good[i].want.path);
		assert_int_equal(u.db, good[i].want.db);
		assert_string_equal(u.user, good[i].want.user);
		assert_string_equal(u.password, good[i].want.password);
		assert_int_equal(u.tls, good[i].want.tls);
		assert_string_equal(
		    url_format(&u, shown, sizeof(shown)), good[i].shown);
	}
}

static void
refused(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
	    {"", "empty"},
	    {"localhost", "must begin"},
	    {"localhost:6379", "must begin"},
	    {"http://h", "must begin"},
	    {"redis:/h", "must begin"},
	    {"redis+sentinel://h:1,h:2/name", "not supported by this version"},
	    {"redis+cluster://h:1,h:2", "not supported by this version"},
	    {"redis://h:", "port"},
	    {"redis://h:0", "port"},
	    {"redis://h:65536", "port"},
	    {"redis://h:99999999999999999999", "port"},
	    {"redis://h:-1", "port"},
	    {"redis://h:+1", "port"},
	    {"redis://h:80x", "port"},
	    {"redis://h: 80", "port"},
	    {"redis://h/-1", "database"},
	    {"redis://h/2147483648", "database"},
	    {"redis://h/x", "database"},
	    {"redis://h/0/", "database"},
	    {"redis://h/0 ", "database"},
	    {"redis://h/0\n", "database"},
	    {"redis://h?db=1", "database"},
	    {"redis://h/0#x", "database"},
	    {"redis://h h", "host name"},
	    {"redis://h\r\nFLUSHALL", "host name"},
	    {"redis://h%41", "host name"},
	    {"redis://h\xc3\xa9", "host name"},
	    {"redis://::1", "brackets"},
	    {"redis://[::1", "without its"},
	    {"redis://[]", "IPv6"},
	    {"redis://[localhost]", "IPv6"},
	    {"redis://[1.2.3.4]", "IPv6"},
	    {"redis://[::1]6379", "after the ']'"},
	    {"redis://[::1]:0", "port"},
	    {"redis://[fe80::1%]", "interface"},
	    {"redis://[fe80::1%a%b]", "interface"},
	    {"redis://bob@h", "colon"},
	    {"redis://u:a@b@h", "%40"},
	    {"redis://u:a/b@h", "%2F"},
	    {"redis://u:a?b@h", "%3F"},
	    {"redis://u:a#b@h", "%23"},
	    {"redis://u:%zz@h", "hex"},
	    {"redis://u:%4@h", "hex"},
	    {"redis://u:%@h", "hex"},
	    {"redis://u:a%00b@h", "NUL"},
	    {"redis://u%00:a@h", "NUL"},
	    {"unix://", "absolute"},
	    {"unix:", "absolute"},
	    {"unix:///", "path is missing"},
	    {"unix://run/redis.sock", "absolute"},
	    {"unix://u:pw@/run/redis.sock", "absolute"},
	    {"unix:///s?db=", "?db=N"},
	    {"unix:///s?db=-1", "?db=N"},
	    {"unix:///s?db=2147483648", "?db=N"},
	    {"unix:///s?db=1&x=2", "?db=N"},
	    {"unix:///s?", "?db=N"},
	    {"unix:///s#1", "?db=N"},
	    {"unix:///a%00b", "NUL"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reapq_error err = REAPQ_ERROR_INIT;
		struct url u = {.port = 4711};

		if (url_parse(rows[i].text, &u, &err) != REAPQ_EINVAL)
			fail_msg("\"%s\" was accepted", rows[i].text);
		assert_int_equal(u.port, 4711);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("\"%s\": %s", rows[i].text, err.msg);
		assert_null(strpbrk(err.msg, "\r\n"));
	}
	assert_int_equal(url_parse(NULL, &(struct url){.port = 0}, NULL), REAPQ_EINVAL);
}

/* format with the letter x repeated. */
static int
parse_long(const char *format, int n, struct url *u)
{
	char text[1200], xs[1000];

	memset(xs, 'x', sizeof(xs));
	snprintf(text, sizeof(text), "%.*s%.*s%s", (int)strcspn(format, "*"), format, n,
	    xs, strchr(format, '*') + 1);
	return url_parse(text, u, NULL);
}

static void
longest_parts(void **state)
{
	struct url u;

	(void)state;
	assert_int_equal(parse_long("redis://*", 255, &u), 0);
	assert_int_equal(strlen(u.host), 255);
	assert_int_equal(parse_long("redis://*", 256, &u), REAPQ_EINVAL);
	assert_int_equal(parse_long("redis://*:p@h", 127, &u), 0);
	assert_int_equal(strlen(u.user), 127);
	assert_int_equal(parse_long("redis://*:p@h", 128, &u), REAPQ_EINVAL);
	assert_int_equal(parse_long("redis://:*@h", 511, &u), 0);
	assert_int_equal(strlen(u.password), 511);
	assert_int_equal(parse_long("redis://:*@h", 512, &u), REAPQ_EINVAL);
	assert_int_equal(parse_long("unix:///*", 106, &u), 0);
	assert_int_equal(strlen(u.path), 107);
	assert_int_equal(parse_long("unix:///*", 107, &u), REAPQ_EINVAL);
}

static void
redacted(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
	    {"redis://h:6379/0", "redis://h:6379/0"},
	    {"redis://u:pw@h:6379/0", "redis://***@h:6379/0"},
	    {"redis://:pw@h", "redis://***@h"},
	    {"redis://u:a@b@h", "redis://***@h"},
	    {"redis://u:a/b@h/0", "redis://***@h/0"},
	    {"redis://[::1]:6379", "redis://[::1]:6379"},
	    {"redis+sentinel://:pw@h:1,:pw@h:2/name", "redis+sentinel://***@h:2/name"},
	    {"u:pw@h", "***@h"},
	    {":pw@h://x", "***@h://x"},
	    {"redis:/:pw@h", "***@h"},
	    {"redis://user:secret", "redis://user:***"},
	    {"redis://:sec/ret", "redis://:***"},
	    {"redis://h:6379/0?password=secret", "redis://h:6379/0?***"},
	    {"redis://u:p@h/0?password=secret", "redis://***@h/0?***"},
	    {"unix:///a@b:c?db=1", "unix:///a@b:c?db=1"},
	    {"unix:/a@b", "unix:/a@b"},
	    {"unix:///s?password=secret", "unix:///s?***"},
	    {"unix://u:pw@/s", "unix://***@/s"},
	    {"UNIX://u:pw@/s", "UNIX://***@/s"},
	    {"unix:u:pw@/s", "***@/s"},
	    {"@", "***@"},
	    {"", ""},
	    {NULL, ""},
	    {"a\nb", "a?b"},
	};
	char shown[200], small[10];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
		    url_redact(rows[i].text, shown, sizeof(shown)), rows[i].shown);
	assert_string_equal(
	    url_redact("redis://u:p@h", small, sizeof(small)), "redis://*");
}

/* Whatever is wrong with the rest of the URL. */
static void
no_error_holds_the_password(void **state)
{
	static const char *const bad[] = {"redis://u:SECRET@h:x",
	    "redis://u:SECRET@h:0/1", "redis://u:SECRET@h/x", "redis://u:SECRET@@h",
	    "redis://u:SEC/RET@h", "redis://u:SEC?RET@h", "redis://u:SEC#RET@h",
	    "redis://u:%zzSECRET@h", "redis://SECRET@h", "redis://u:SECRET",
	    "redis://:SECRET", "redis://u:SECRET/0", "reds://u:SECRET@h",
	    "redis:u:SECRET@h", "redis:/u:SECRET@h", "u:SECRET@h",
	    "redis+cluster://u:SECRET@h:1,u:SECRET@h:2",
	    "redis+sentinel://u:SECRET@h/n", "unix://u:SECRET@/s", "unix://u:SECRET@s",
	    "redis://h/0?password=SECRET", "unix:///s?password=SECRET",
	    "redis://u:SECRET@[::1", "redis://u:SECRET@h\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct reapq_error err = REAPQ_ERROR_INIT;
		struct url u;

		assert_int_equal(url_parse(bad[i], &u, &err), REAPQ_EINVAL);
		if (strstr(err.msg, "SEC") || strstr(err.msg, "RET"))
			fail_msg("%s", err.msg);
		assert_non_null(strstr(err.msg, "***"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(understood),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(longest_parts),
	    cmocka_unit_test(redacted),
	    cmocka_unit_test(no_error_holds_the_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
