/* clock.h - the two clocks. Times are int64 milliseconds, monotonic unless wall. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC: for durations and deadlines of this process. */
int64_t clock_mono_ms(void);

/* CLOCK_BOOTTIME: goes on while the machine sleeps; for leases. */
int64_t clock_boot_ms(void);

/* CLOCK_REALTIME: Unix time, for people only. */
int64_t clock_wall_ms(void);

#endif
