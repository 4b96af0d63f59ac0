/*
 * fuzz.h - what every target here is: one function, called with bytes, that returns 0.
 *
 * A property that does not hold is a CHECK() that aborts. The same source is linked
 * with libFuzzer, and with replay.c for compilers that have none.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
