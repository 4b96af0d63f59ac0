/*
 * seccomp_profile.h - which system calls a task may not make: by name, and as a program.
 *
 * A profile denies what it names and allows the rest: a list of what is allowed would have
 * to know every program. What is denied raises SIGSYS (SECCOMP_RET_TRAP), so that the crash
 * record can tell which call it was.
 */
#ifndef WORKER_SECCOMP_PROFILE_H
#define WORKER_SECCOMP_PROFILE_H

#include <linux/filter.h>
#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_PROFILE_CALLS_MAX 512
#define SECCOMP_PROFILE_NAME_MAX 63

struct seccomp_profile {
	char
	    name[SECCOMP_PROFILE_NAME_MAX + 1]; /* "default", or the file's last part */
	int calls[SECCOMP_PROFILE_CALLS_MAX];   /* as libseccomp numbers them */
	size_t calls_n;
	bool no_namespaces; /* nor by clone(2) */
	bool no_network;    /* of sockets, Unix ones only */
};

/*
 * text: lines with the name of one system call each, or @default or @strict; '#' begins
 * a comment. EINVAL names the line: a name that no system has, or a call that a child
 * needs for itself.
 */
int seccomp_profile_parse(
    struct seccomp_profile *p, const char *text, struct reapq_error *err);

/* spec: default, strict, or a file, which has a slash in it. */
int seccomp_profile_load(
    struct seccomp_profile *p, const char *spec, struct reapq_error *err);

/* At most cap instructions. */
int seccomp_profile_compile(const struct seccomp_profile *p,
    struct sock_filter *ret_filter, size_t cap, size_t *ret_n, struct reapq_error *err);

/* "ptrace (101)", or "101" if it has no name. arch: whose number it is, AUDIT_ARCH_ as in
 * siginfo_t; -1: this machine's. */
const char *seccomp_profile_call_name(int number, int arch, char *buf, size_t cap);

#endif
