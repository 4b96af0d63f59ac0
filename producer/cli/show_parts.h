/* show_parts.h - the paragraphs that show.c puts together. Not for others. */
#ifndef CLI_SHOW_PARTS_H
#define CLI_SHOW_PARTS_H

#include <reapq/report.h>
#include <stdio.h>

/* Text made fit for a terminal; a line "name text", none where text is "". */
void show_text(const char *text, size_t len, FILE *out);
void show_field(const char *name, const char *text, FILE *out);

void show_where(const struct reapq_report *r, FILE *out);
void show_times(const struct reapq_report *r, FILE *out);
void show_signal(const struct reapq_signal *s, int core_dumped, FILE *out);
void show_evidence(const struct reapq_report *r, FILE *out);
void show_backtrace(const struct reapq_report *r, FILE *out);
void show_limits(const struct reapq_report *r, FILE *out);
void show_usage(const struct reapq_report *r, FILE *out);
void show_attempts(const struct reapq_report *r, FILE *out);

#endif
