/* show.h - reports and task states in words. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <reapq/admin.h>
#include <reapq/report.h>
#include <stdio.h>

/* What happened and how that is known: headline, certainty, evidence, limits... */
void show_why(const struct reapq_report *report, FILE *out);

/* Every field, one a line. */
void show_report(const struct reapq_report *report, FILE *out);

/* Where a task is that has not ended. */
void show_task(const struct reapq_task_info *info, FILE *out);

#endif
