/* kernel_log.h - did the kernel's log name this process as an OOM kill's victim? */
#ifndef WORKER_KERNEL_LOG_H
#define WORKER_KERNEL_LOG_H

#include "judge_cgroup.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens /dev/kmsg, from its end. Without it, or in a PID namespace, where the log's
 * pids are not ours, kernel_log_names_victim says JUDGE_NOT_LOGGED. */
void kernel_log_open(void);
void kernel_log_close(void);
bool kernel_log_readable(void);

/* since_ms, of the monotonic clock: when pid became the process that is meant. */
enum judge_logged kernel_log_names_victim(pid_t pid, int64_t since_ms);

#endif
