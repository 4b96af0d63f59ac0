/* crash_walk.h - from an interrupted place in the code to frames and their modules. */
#ifndef RUNNER_CRASH_WALK_H
#define RUNNER_CRASH_WALK_H

#include "crash_page.h"
#include <ucontext.h>

/* In the runner, once: lists the modules, and makes the unwinder load what it needs. */
void crash_walk_init(void);

/* In a signal handler only, on its context: fills rec's frames as it goes, so that what
 * was found stays even if it faults. Safe wherever a signal may strike. */
void crash_walk(
    struct crash_page *page, struct crash_page_record *rec, ucontext_t *context);

/* The interrupted place. */
uint64_t crash_walk_pc(const ucontext_t *context);
uint64_t crash_walk_sp(const ucontext_t *context);

#endif
