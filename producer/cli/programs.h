/* programs.h - where the other programs of reapq are. */
#ifndef CLI_PROGRAMS_H
#define CLI_PROGRAMS_H

#include <reapq/error.h>
#include <stddef.h>

/*
 * The path of a program: what the variable env names, else beside this one, or in
 * ../libexec/reapq. ESYS, ENOENT: the message says where it was looked for.
 */
int programs_find(const char *name, const char *env, char *ret_path, size_t cap,
    struct reapq_error *err);

#endif
