/* repro_debug.h - a task under a debugger. */
#ifndef CLI_REPRO_DEBUG_H
#define CLI_REPRO_DEBUG_H

#include "repro_task.h"

/* Runs the debugger with what stands after the id; its exit status, or 125, said. */
int repro_debug_run(const struct options *opts, const struct repro_task *t);

/* Writes the task to a file and prints the command line that runs it. 0, or 125. */
int repro_debug_print(const struct options *opts, const struct repro_task *t);

#endif
