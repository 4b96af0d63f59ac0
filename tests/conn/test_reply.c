/*
 * test_reply.c - the typed readers on replies of every type, and the error table.
 */
#include "fixture.h"
#include <string.h>

static struct redisReply
text_reply(int type, char *text)
{
	return (struct redisReply){.type = type, .str = text, .len = strlen(text)};
}

static enum reply_class
classify(const char *text)
{
	char copy[128];
	struct redisReply r;

	/* no NUL after it, as the readers may not rely on one */
	memset(copy, 'X', sizeof copy);
	memcpy(copy, text, strlen(text));
	r = (struct redisReply){
	    .type = REDIS_REPLY_ERROR, .str = copy, .len = strlen(text)};
	return reply_classify(&r);
}

static void
classifies_by_the_whole_first_word(void **state)
{
	struct redisReply fine =
	    text_reply(REDIS_REPLY_STRING, (char[]){"OOM no error"});

	(void)state;
	assert_int_equal(reply_classify(&fine), REPLY_FINE);
	assert_int_equal(classify("NOSCRIPT No matching script."), REPLY_NOSCRIPT);
	assert_int_equal(classify("LOADING Redis is loading"), REPLY_WAIT);
	assert_int_equal(classify("BUSY Redis is busy running a script"), REPLY_WAIT);
	assert_int_equal(classify("TRYAGAIN"), REPLY_WAIT);
	assert_int_equal(classify("NOREPLICAS Not enough"), REPLY_WAIT);
	assert_int_equal(classify("MISCONF Redis is configured to"), REPLY_WAIT);
	assert_int_equal(classify("CLUSTERDOWN Hash slot not served"), REPLY_WAIT);
	assert_int_equal(classify("READONLY You can't write"), REPLY_RECONNECT);
	assert_int_equal(classify("MASTERDOWN Link with MASTER"), REPLY_RECONNECT);
	assert_int_equal(classify("UNBLOCKED force unblock"), REPLY_RECONNECT);
	assert_int_equal(classify("OOM command not allowed"), REPLY_FULL);
	assert_int_equal(classify("NOPERM this user has"), REPLY_DENIED);
	assert_int_equal(classify("NOAUTH Authentication"), REPLY_DENIED);
	assert_int_equal(classify("WRONGTYPE Operation"), REPLY_FAILED);
	assert_int_equal(classify("BUSYKEY Target key name"), REPLY_FAILED);
	assert_int_equal(classify("BUS"), REPLY_FAILED);
	assert_int_equal(classify("ERR OOM"), REPLY_FAILED);
	assert_int_equal(classify(""), REPLY_FAILED);
}

static void
integers_are_read_from_integers_and_digits(void **state)
{
	static const char bad[][32] = {"", " 1", "+1", "1 ", "1x", "-", "0x10",
	    "9223372036854775808", "123456789012345678901234567890"};
	struct redisReply r = {.type = REDIS_REPLY_INTEGER, .integer = -7};
	struct reapq_error err = REAPQ_ERROR_INIT;
	char text[32];
	int64_t n = 1;

	(void)state;
	assert_int_equal(reply_int(&r, &n, &err), 0);
	assert_true(n == -7);
	r = text_reply(REDIS_REPLY_STRING, (char[]){"-9223372036854775808"});
	assert_int_equal(reply_int(&r, &n, &err), 0);
	assert_true(n == INT64_MIN);
	n = 42;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memcpy(text, bad[i], sizeof text);
		r = text_reply(REDIS_REPLY_STRING, text);
		assert_int_equal(reply_int(&r, &n, &err), REAPQ_EPROTO);
	}
	r = (struct redisReply){
	    .type = REDIS_REPLY_STRING, .str = (char[]){"1\0002"}, .len = 3};
	assert_int_equal(reply_int(&r, &n, &err), REAPQ_EPROTO);
	r = (struct redisReply){.type = REDIS_REPLY_NIL};
	assert_int_equal(reply_int(&r, &n, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "nil"));
	assert_int_equal(reply_int(NULL, &n, &err), REAPQ_EPROTO);
	assert_true(n == 42);
}

static void
other_types_are_refused_by_name(void **state)
{
	struct redisReply array = {.type = REDIS_REPLY_ARRAY};
	struct redisReply status = text_reply(REDIS_REPLY_STATUS, (char[]){"OK"});
	struct redisReply odd = {.type = 99};
	struct reapq_error err = REAPQ_ERROR_INIT;
	const char *s = NULL;
	size_t n = 9;

	(void)state;
	assert_int_equal(reply_str(&status, &s, &n, &err), 0);
	assert_int_equal(n, 2);
	n = 9;
	assert_int_equal(reply_str(&array, &s, &n, &err), REAPQ_EPROTO);
	assert_non_null(strstr(err.msg, "an array"));
	assert_int_equal(reply_array(&status, &n, &err), REAPQ_EPROTO);
	assert_int_equal(reply_array(&odd, &n, NULL), REAPQ_EPROTO);
	assert_int_equal(reply_array(NULL, &n, &err), REAPQ_EPROTO);
	assert_int_equal(n, 9);
	assert_int_equal(reply_array(&array, &n, &err), 0);
	assert_int_equal(n, 0);
}

static void
elements_are_never_read_past_the_end(void **state)
{
	struct redisReply one = {.type = REDIS_REPLY_INTEGER, .integer = 1};
	struct redisReply *elements[] = {&one};
	struct redisReply array = {
	    .type = REDIS_REPLY_ARRAY, .elements = 1, .element = elements};

	(void)state;
	assert_ptr_equal(reply_at(&array, 0), &one);
	assert_null(reply_at(&array, 1));
	assert_null(reply_at(&one, 0));
	assert_null(reply_at(NULL, 0));
	assert_false(reply_is_nil(NULL));
	assert_false(reply_is_error(NULL));
}

static void
an_errors_text_is_one_clean_line(void **state)
{
	struct redisReply r =
	    text_reply(REDIS_REPLY_ERROR, (char[]){"ERR \033[2Jgone\nand more"});
	struct redisReply oom = text_reply(REDIS_REPLY_ERROR, (char[]){"OOM full"});
	struct reapq_error err = REAPQ_ERROR_INIT;

	(void)state;
	assert_int_equal(reply_error(&r, &err), REAPQ_EREDIS);
	assert_int_equal(err.code, REAPQ_EREDIS);
	assert_string_equal(err.msg, "ERR ?[2Jgone?and more");
	assert_int_equal(reply_error(&oom, &err), REAPQ_EFULL);
	assert_string_equal(err.msg, "Redis is full (maxmemory): OOM full");
	r.type = REDIS_REPLY_NIL;
	assert_int_equal(reply_error(&r, &err), REAPQ_EPROTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(classifies_by_the_whole_first_word),
	    cmocka_unit_test(integers_are_read_from_integers_and_digits),
	    cmocka_unit_test(other_types_are_refused_by_name),
	    cmocka_unit_test(elements_are_never_read_past_the_end),
	    cmocka_unit_test(an_errors_text_is_one_clean_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
