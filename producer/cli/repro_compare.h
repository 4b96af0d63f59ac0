/* repro_compare.h - was it the same death? Pure. */
#ifndef CLI_REPRO_COMPARE_H
#define CLI_REPRO_COMPARE_H

#include <reapq/report.h>
#include <stdbool.h>
#include <stddef.h>

/* The same verdict, signal and exit status. */
bool repro_same(const struct reapq_report *there, const struct reapq_report *here);

/* "the same: signal SIGSEGV in f.so!parse", "differs: exit 3 there, ok here". Into buf. */
void repro_compare(const struct reapq_report *there, const struct reapq_report *here,
    char *buf, size_t cap);

/* The limits that were not the same, "memory 64 MiB there, 32 MiB here"; "" for none. */
void repro_compare_limits(const struct reapq_limits *there,
    const struct reapq_limits *here, char *buf, size_t cap);

#endif
