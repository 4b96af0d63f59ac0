/*
 * mark.h - what a task of the chaos run does, and the marks that it leaves.
 *
 * Shared by the module's handler and by the command, so that a run of either is
 * counted the same way. A mark is one line, appended with one write to the file that
 * $CHAOS_MARKS names: outside of Redis, so that it shows what ran whatever Redis says.
 */
#ifndef CHAOS_MARK_H
#define CHAOS_MARK_H

#include <stddef.h>

enum {
	MARK_NONCE_MAX = 24,
	MARK_WORDS_MAX = 4
};

/* A payload "KEY ACTION ARG": what it asks for. */
struct mark_task {
	char text[256];
	char *words[MARK_WORDS_MAX]; /* those that are not there are "" */
	char nonce[MARK_NONCE_MAX];  /* of this run; made by mark_start */
};

/* -1: it is too long. */
int mark_parse(struct mark_task *task, const void *payload, size_t len);

/* "S id attempt worker-pid pid ns nonce key": the run has begun. -1: it cannot be marked,
 * and must not go on. */
int mark_start(struct mark_task *task, const char *id, int attempt);

/* "E id attempt worker-pid pid ns nonce key": it is about to end by itself. */
void mark_end(const struct mark_task *task, const char *id, int attempt);

/* Sleeps, crashes or exits as asked. 0: to go on; 1: to fail. */
int mark_act(const struct mark_task *task, int attempt);

#endif
