/*
 * faults.c - a module whose handlers die, in every way that a report tells apart.
 *
 * Owns the table; the handlers are in the files beside it. For demos and tests: no
 * worker that others submit to should load it, since it lets them waste its time.
 */
#include "faults.h"

static const struct reapq_handler handlers[] = {
    {"segv", crash_segv, "write to an address that is not mapped"},
    {"abort", crash_abort, "call abort()"},
    {"div0", crash_div0, "divide by zero"},
    {"stack", crash_stack, "recurse until the stack ends"},
    {"kill", crash_kill, "send itself signal PAYLOAD"},
    {"threadcrash", crash_thread, "crash in a second thread"},
    {"nullread", memory_nullread, "read a field of a struct at NULL"},
    {"nullcall", memory_nullcall, "call a function at NULL"},
    {"wildread", memory_wildread, "read through a pointer that is no address"},
    {"readonly", memory_readonly, "write to a constant"},
    {"threadstack", memory_threadstack, "recurse in a second thread"},
    {"truncated", memory_truncated, "read beyond the end of PAYLOAD, a mapped file"},
    {"mapfill", memory_fill, "write to a mapped file PAYLOAD until there is no room"},
    {"assert", record_assert, "fail an assertion"},
    {"heap", record_heap, "free memory twice"},
    {"note", record_note, "note what it does, then send itself signal PAYLOAD"},
    {"forge", record_forge,
	"scribble over its crash record, then send itself signal PAYLOAD"},
    {"smash", record_smash, "overwrite its own stack, then crash"},
    {"exit0", crash_exit0, "call exit(0) before there is a result"},
    {"exit3", crash_exit3, "call exit(3)"},
    {"error", crash_error, "fail with the text PAYLOAD"},
    {"spin", limit_spin, "use CPU for ever"},
    {"sleep", limit_sleep, "sleep for PAYLOAD milliseconds"},
    {"nap", limit_nap, "sleep PAYLOAD milliseconds, but let any signal end it"},
    {"gate", limit_gate, "wait until somebody writes to the FIFO PAYLOAD"},
    {"alloc", limit_alloc,
	"use PAYLOAD MiB of memory; where refused: abort, or \"PAYLOAD fail\": fail"},
    {"leakfd", limit_leakfd, "open files until refused; the result is how many"},
    {"xfsz", limit_xfsz, "write PAYLOAD MiB (64) to a temporary file"},
    {"forks", limit_forks, "fork PAYLOAD (16) processes; the result is how many"},
    {"ignoreterm", limit_ignoreterm, "ignore SIGTERM, then wait for ever"},
    {"runaway", process_runaway, "leave a daemon behind; the result is its pid"},
    {"holdout", process_holdout,
	"leave a child that holds stdout; the result: its pid"},
    {"become", process_become, "execute the shell command PAYLOAD in its own place"},
    {"traced", process_traced, "leave a process behind that traces the child"},
    {"logs", output_logs, "log PAYLOAD (1000) lines"},
    {"fds", process_fds, "list the descriptors and the environment of the child"},
    {"cut", output_cut, "die of SIGKILL after \"PERCENT MIB\" of a result"},
    {"big", output_big, "a result of PAYLOAD MiB"},
    {"stderr", output_stderr, "write PAYLOAD bytes to stderr, then abort"},
    {"print", output_print, "write the payload to stdout and to stderr"},
    {"traceme", sandbox_traceme, "let itself be traced (ptrace)"},
    {"netsocket", sandbox_socket, "make a socket for the network"},
    {"whoami", sandbox_whoami, "its user, and what prctl tells of it"},
    {"badframe", output_badframe, "write garbage to the worker"},
    {NULL, NULL, NULL},
};

const struct reapq_module reapq_module = {
    .abi = REAPQ_MODULE_ABI,
    .size = sizeof(struct reapq_module),
    .name = "faults",
    .version = REAPQ_VERSION,
    .handlers = handlers,
};
