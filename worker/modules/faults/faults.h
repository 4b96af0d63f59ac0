/* faults.h - the handlers of the faults module; faults.c says what each does. */
#ifndef FAULTS_H
#define FAULTS_H

#include <reapq/module.h>

/* What a sanitizer would stop with a message of its own has to happen here. */
#define FAULTS_RAW __attribute__((noinline, no_sanitize("undefined", "address")))

/* crash.c */
reapq_handler_fn crash_segv, crash_abort, crash_div0, crash_stack, crash_kill;
reapq_handler_fn crash_thread, crash_exit0, crash_exit3, crash_error;

/* memory.c */
reapq_handler_fn memory_nullread, memory_nullcall, memory_wildread, memory_threadstack;
reapq_handler_fn memory_readonly, memory_truncated, memory_fill;

/* record.c */
reapq_handler_fn record_assert, record_heap, record_note, record_forge, record_smash;

/* limit.c */
reapq_handler_fn limit_spin, limit_sleep, limit_alloc, limit_leakfd, limit_xfsz;
reapq_handler_fn limit_forks, limit_ignoreterm, limit_gate, limit_nap;

/* process.c */
reapq_handler_fn process_runaway, process_holdout, process_traced, process_fds,
    process_become;

/* sandbox.c */
reapq_handler_fn sandbox_traceme, sandbox_socket, sandbox_whoami;

/* output.c */
reapq_handler_fn output_cut, output_big, output_stderr, output_print, output_badframe;
reapq_handler_fn output_logs;

#endif
