/*
 * log.h - one event, one line, one write(2), on standard error.
 *
 * A line is "2026-11-20T21:40:01.123Z info  event key=value ...". Values with
 * spaces, quotes or control bytes are quoted and escaped, so that nothing that a
 * task or a stranger wrote can forge a line. Library code does not log.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <reapq/error.h>
#include <stddef.h>

enum log_level {
	LOG_DEBUG,
	LOG_INFO,
	LOG_WARN,
	LOG_ERROR
};

/* Lines below this level are dropped. Default LOG_INFO. */
void log_set_level(enum log_level level);

/* "debug" "info" "warn" "error"; -1 if it is none of them. */
int log_level_parse(const char *text);

/*
 * fmt yields "key=value key=value"; values that may hold anything go through
 * log_quote(). A line is cut at 4 KiB.
 */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    REAPQ_PRINTF(3, 4);

/*
 * Text as a value: as it stands if it is plain, else in double quotes with \", \\,
 * \n, \xHH. Uses a small ring of static buffers: good for up to 4 in one line.
 */
const char *log_quote(const char *text);
const char *log_quote_bytes(const void *data, size_t len);

#endif
