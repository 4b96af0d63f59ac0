/* units.h - durations and sizes as people write them: 250ms, 10s, 64K, 2G. */
#ifndef CORE_UNITS_H
#define CORE_UNITS_H

#include <reapq/error.h>
#include <stddef.h>
#include <stdint.h>

/*
 * "250ms" "10s" "5m" "1h" "2d", a fraction ("1.5s"), or a bare number of seconds.
 * EINVAL with the text and the accepted forms; negative or over 10 years too.
 */
int units_duration(const char *text, int64_t *ret_ms, struct reapq_error *err);

/* "65536" "64K" "512M" "2G" "1T" (powers of 1024, B and iB optional). EINVAL. */
int units_size(const char *text, int64_t *ret_bytes, struct reapq_error *err);

/* A whole number from min to max. EINVAL names the range. */
int units_count(const char *text, int64_t min, int64_t max, int64_t *ret_n,
    struct reapq_error *err);

/* "1.5x" is 150, in hundredths; 0: it is no factor below 1000. */
int units_factor(const char *text);

/* "64 MiB" "1.5 KiB" "17 bytes"; "0.31 s" "250 ms" "2 min 5 s". Into buf, returned. */
const char *units_format_size(int64_t bytes, char *buf, size_t cap);
const char *units_format_ms(int64_t ms, char *buf, size_t cap);

#endif
