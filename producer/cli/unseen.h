/*
 * unseen.h - what nobody could see of an end, and how to see it the next time.
 *
 * Pure: from the report alone. What a tier can show is docs/adr/0040.
 */
#ifndef CLI_UNSEEN_H
#define CLI_UNSEEN_H

#include <reapq/report.h>
#include <stddef.h>

enum {
	UNSEEN_MAX = 8
};

struct unseen {
	const char *what; /* that was not visible */
	const char *cure; /* how it can be; never NULL */
};

/* Fills at most UNSEEN_MAX entries of static text; returns how many. 0: nothing that
 * matters to this verdict stayed unseen. */
size_t unseen_list(const struct reapq_report *report, struct unseen list[UNSEEN_MAX]);

#endif
