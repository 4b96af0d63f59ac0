/* tally.h - how a map goes: counts, a line of progress, and a table at the end. */
#ifndef CLI_TALLY_H
#define CLI_TALLY_H

#include <reapq/report.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

struct tally {
	bool progress, live; /* live: one line, drawn over, on a terminal */
	bool drawn;          /* it is on the screen now */
	bool shared;         /* results go to a terminal too */
	int64_t begun_ms, drawn_ms, next_line;
	int64_t submitted, ended;
	int64_t returned, failed, crashed, other;
	struct table bad; /* of those that did not return, the first TALLY_ROWS */
	bool complete;    /* the input has ended: submitted is all there is */
};

#define TALLY_ROWS 1000
#define TALLY_TICK_MS 100

void tally_init(struct tally *t, bool progress);

/* input: what the task was about, as one line for people. */
void tally_add(struct tally *t, const struct reapq_report *report, const char *input);

/* Prints progress if it is due. */
void tally_show(struct tally *t);

/* Takes the live line off the screen, before anything else is printed. */
void tally_clear(struct tally *t);

/* The counts and the table, on standard error. */
void tally_summary(struct tally *t);

void tally_free(struct tally *t);

#endif
