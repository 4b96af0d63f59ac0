/*
 * sandbox.h - what this worker's tasks are locked into, beside their limits.
 *
 * Off by default: then there is no struct sandbox, and each function takes NULL for it.
 * Names are resolved and all is tried once at the start; an option that this host cannot
 * keep ends the worker, so that no task ever runs with less than was asked for.
 */
#ifndef WORKER_SANDBOX_H
#define WORKER_SANDBOX_H

#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SANDBOX_WORDS_MAX 256

struct config;
struct sandbox;

/* *ret_s is NULL if nothing is asked for. */
int sandbox_new(
    struct sandbox **ret_s, const struct config *config, struct reapq_error *err);
void sandbox_free(struct sandbox *s);

/* The plan for the runner (see runner/sandbox_plan.h), borrowed; -1: none. */
int sandbox_fd(const struct sandbox *s);

/* The seccomp profile's name; NULL: none. */
const char *sandbox_profile(const struct sandbox *s);

/* In force, for people: "seccomp=default users=2000-2009 no-new-privs"; "" for nothing. */
const char *sandbox_words(const struct sandbox *s);
/* The same of the child with this uid. */
const char *sandbox_words_of(
    const struct sandbox *s, uint32_t uid, char *buf, size_t cap);

/* A user for a child; 0: it has none of its own. EAGAIN-like ESYS: none is free. */
int sandbox_take_user(struct sandbox *s, uint32_t *ret_uid, struct reapq_error *err);
/* When the child is reaped. 0 is legal. */
void sandbox_give_user(struct sandbox *s, uint32_t uid);
/* Kills all that runs as the user of one child. 0: does nothing. */
void sandbox_kill_user(uint32_t uid);

/* For --check: what could be asked for here, a row each; then what was asked for. */
int sandbox_check(const struct config *config, FILE *out, struct reapq_error *err);

#endif
