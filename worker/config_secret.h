/* config_secret.h - passwords: read from a file, and taken out of sight. */
#ifndef WORKER_CONFIG_SECRET_H
#define WORKER_CONFIG_SECRET_H

#include <reapq/error.h>
#include <stddef.h>

/* The file's first line. ESYS, or EINVAL: empty, or longer than cap - 1. */
int config_secret_file(
    const char *path, char *buf, size_t cap, struct reapq_error *err);

/* Overwrites passwords in argv (URLs) and in the memory of the REAPQ_REDIS variables,
 * which /proc/PID/cmdline and /proc/PID/environ show for the life of a process. */
void config_secret_scrub(int argc, char **argv);

#endif
