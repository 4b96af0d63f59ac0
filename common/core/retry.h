/* retry.h - whether and when a failed attempt runs again. Pure. */
#ifndef CORE_RETRY_H
#define CORE_RETRY_H

#include <reapq/report.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A set of verdicts as bits (1u << enum reapq_verdict), from "signal,exit". NULL or
 * "": every failure that another attempt could change, that is all but ok,
 * cancelled, expired, worker_lost, vanished. EINVAL names the unknown word and
 * lists those accepted.
 */
int retry_parse(const char *text, uint32_t *ret_set, struct reapq_error *err);

bool retry_wanted(
    uint32_t set, enum reapq_verdict verdict, int attempt, int max_attempts);

/*
 * base_ms * 2^(failures - 1), at most one hour, times 0.5 to 1.5 by rnd (any
 * 32 random bits). failures counts from 1. base_ms 0: 1,000.
 */
int64_t retry_delay_ms(int64_t base_ms, int failures, uint32_t rnd);

#endif
