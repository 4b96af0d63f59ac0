/* values.h - from a flag's text to a field; EINVAL says what was wanted. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include <reapq/error.h>
#include <reapq/producer.h>
#include <reapq/task.h>

int values_priority(
    enum reapq_priority *field, const char *text, struct reapq_error *err);
int values_retry_on(struct reapq_task *task, const char *text, struct reapq_error *err);
int values_oom_retry(
    struct reapq_task *task, const char *text, struct reapq_error *err);
int values_tag(struct reapq_task *task, const char *text, struct reapq_error *err);
int values_durability(
    enum reapq_durability *field, const char *text, struct reapq_error *err);
int values_verdict(const char **field, const char *text, struct reapq_error *err);

#endif
