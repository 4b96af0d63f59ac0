/*
 * test_server_info.c - what a server says of itself, and what is made of it.
 */
#include "fixture.h"
#include "server_info.h"
#include <string.h>

static struct server_info
read_info(const char *server, const char *memory)
{
	struct server_info info = {0};
	char copy[256];

	/* no NUL after it */
	memset(copy, '9', sizeof copy);
	memcpy(copy, server, strlen(server));
	server_info_read_version(&info, copy, strlen(server));
	memset(copy, '9', sizeof copy);
	memcpy(copy, memory, strlen(memory));
	server_info_read_memory(&info, copy, strlen(memory));
	return info;
}

static void
versions(void **state)
{
	static const struct {
		const char *text;
		int rc;
		bool waitaof;
	} rows[] = {
	    {"# Server\r\nredis_version:7.0.0\r\n", 0, false},
	    {"redis_version:7.0.15\r\nredis_mode:standalone\r\n", 0, false},
	    {"redis_version:7.2.0\r\n", 0, true},
	    {"redis_version:10.0.0", 0, true},
	    {"redis_version:6.2.14\r\n", REAPQ_EREDIS, false},
	    {"redis_version:7.2.4\r\nvalkey_version:8.1.1\r\n", 0, true},
	    {"redis_version:7.2.4\r\nvalkey_version:7.1.0\r\n", REAPQ_EREDIS, true},
	    {"xredis_version:7.2.4\r\n", REAPQ_EREDIS, true},
	    {"", REAPQ_EREDIS, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct server_info info = read_info(rows[i].text, "");

		assert_int_equal(
		    server_info_check_version(&info, "there", NULL), rows[i].rc);
		assert_int_equal(server_info_has_waitaof(&info), rows[i].waitaof);
	}
}

static void
evictions(void **state)
{
	static const struct {
		const char *text;
		bool known, would, does;
	} rows[] = {
	    {"maxmemory:0\r\nmaxmemory_policy:noeviction\r\n", true, false, false},
	    {"maxmemory:100\r\nmaxmemory_policy:noeviction\r\n", true, false, false},
	    {"maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n", true, true, false},
	    {"maxmemory:1\r\nmaxmemory_policy:allkeys-lru\r\n", true, true, true},
	    {"maxmemory:1\r\nmaxmemory_policy:volatile-ttl\r\n", true, true, true},
	    {"maxmemory:lots\r\nmaxmemory_policy:allkeys-lru\r\n", false, false, false},
	    {"maxmemory:\r\nmaxmemory_policy:allkeys-lru\r\n", false, false, false},
	    {"maxmemory_policy:allkeys-lru\r\n", false, false, false},
	    {"maxmemory_human:1G\r\nmaxmemory:1\r\n", false, false, false},
	    {"", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct server_info info = read_info("", rows[i].text);
		struct reapq_error err = REAPQ_ERROR_INIT;

		assert_int_equal(info.memory_known, rows[i].known);
		assert_int_equal(server_info_would_evict(&info), rows[i].would);
		assert_int_equal(server_info_evicts(&info), rows[i].does);
		assert_int_equal(server_info_check_eviction(&info, "there", &err),
		    rows[i].does ? REAPQ_EREDIS : 0);
		assert_int_equal(
		    strstr(err.msg, "CONFIG SET maxmemory-policy noeviction") != NULL,
		    rows[i].does);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(versions),
	    cmocka_unit_test(evictions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
