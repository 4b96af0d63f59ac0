/* json.h - reports and lists as JSON: one object, one line. CLI.md is the contract. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>
#include <reapq/admin.h>
#include <reapq/report.h>
#include <stddef.h>

/*
 * Builds one object. What cannot be added for want of memory is remembered, and
 * json_print() then fails, so that no half object is ever printed.
 */
struct json {
	json_t *object;
	int failed;
};

void json_start(struct json *j);

void json_put(struct json *j, const char *key, json_t *value); /* takes value over */
void json_put_int(struct json *j, const char *key, int64_t value);
/* Bytes that are no UTF-8 become U+FFFD. NULL: no memory. */
json_t *json_text(const char *text);
/* The same; NULL is null. */
void json_put_text(struct json *j, const char *key, const char *text);
/* data NULL is null; what is no UTF-8 is null too, and whole in KEY_base64. */
void json_put_bytes(struct json *j, const char *key, const void *data, size_t len);
/* Unix seconds; 0 is null. */
void json_put_time(struct json *j, const char *key, int64_t unix_ms);

/* All of CLI.md's fields. */
void json_put_report(struct json *j, const struct reapq_report *report);

/* Prints the line, and frees the object in any case. 0, or EXITS_REAPQ, said. */
int json_print(struct json *j);

#endif
