/* names.h - outcomes, verdicts and certainties: text to enum, and which goes with which. */
#ifndef CORE_NAMES_H
#define CORE_NAMES_H

#include <reapq/report.h>
#include <stdbool.h>
#include <stddef.h>

/* _OTHER (certainty: UNKNOWN) for text that this version does not know. */
enum reapq_outcome names_outcome(const char *text, size_t len);
enum reapq_verdict names_verdict(const char *text, size_t len);
enum reapq_certainty names_certainty(const char *text, size_t len);

/* The outcome that CLI.md's table gives a verdict; OTHER for OTHER. */
enum reapq_outcome names_outcome_of(enum reapq_verdict verdict);

/* "SIGKILL", "SIGRTMIN+3", "signal 99"; static or a small ring of buffers. */
const char *names_signal(int number);

#endif
