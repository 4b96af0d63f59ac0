/*
 * seccomp_profile.c - owns the two built-in lists, and what no list may deny.
 *
 * libseccomp makes the program: it knows the numbers of each architecture and what a 32-bit
 * program on a 64-bit machine calls the same thing. Names that this machine does not have
 * are skipped; names that no machine has are refused.
 */
#include "seccomp_profile.h"

#include "error.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 * 1024)

/* What changes the machine, other processes, or the walls of the sandbox itself. */
static const char default_calls[] =
    "ptrace\nprocess_vm_readv\nprocess_vm_writev\nkcmp\nprocess_madvise\npidfd_getfd\n"
    "mount\numount\numount2\npivot_root\nchroot\nmove_mount\nopen_tree\nfsopen\n"
    "fsconfig\nfsmount\nfspick\nmount_setattr\nquotactl\nquotactl_fd\nswapon\n"
    "swapoff\nacct\nunshare\nsetns\nbpf\nperf_event_open\nuserfaultfd\n"
    "kexec_load\nkexec_file_load\nreboot\ninit_module\nfinit_module\n"
    "delete_module\ncreate_module\nadd_key\nrequest_key\nkeyctl\n"
    "clock_settime\nclock_settime64\nclock_adjtime\nclock_adjtime64\nadjtimex\n"
    "settimeofday\nstime\nsethostname\nsetdomainname\niopl\nioperm\nsyslog\n"
    "vhangup\nlookup_dcookie\nnfsservctl\nopen_by_handle_at\n";

/* io_uring makes system calls that no filter sees, and of a socketcall (32-bit programs) no
 * filter sees which one. */
static const char strict_calls[] =
    "@default\nio_uring_setup\nio_uring_enter\nio_uring_register\nname_to_handle_at\n"
    "personality\nfanotify_init\nmknod\nmknodat\nsocketcall\n";

/* Without these a child cannot answer, end, or leave a crash record. */
static const char *const needed[] = {"read", "write", "writev", "sendto", "sendmsg",
    "recvfrom", "close", "exit", "exit_group", "rt_sigreturn", "rt_sigaction",
    "rt_sigprocmask", "sigaltstack", "tgkill", "gettid", "getpid", "futex", "mmap",
    "munmap", "mprotect", "brk", "open", "openat", "pread64", "fstat", "newfstatat",
    "stat", "statfs", "getrlimit", "prlimit64", "nanosleep", "clock_nanosleep",
    "restart_syscall", "execve", "arch_prctl", "rseq", "set_robust_list",
    "set_tid_address"};

static bool
has_call(const struct seccomp_profile *p, int call)
{
	for (size_t i = 0; i < p->calls_n; i++)
		if (p->calls[i] == call)
			return true;
	return false;
}

static int
add_call(struct seccomp_profile *p, const char *name, struct reapq_error *err)
{
	int call = seccomp_syscall_resolve_name(name);

	if (call == __NR_SCMP_ERROR)
		return error_set(err, REAPQ_EINVAL,
		    "no system call is called '%.64s' (nor is it @default or @strict)",
		    name);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (strcmp(name, needed[i]) == 0)
			return error_set(err, REAPQ_EINVAL,
			    "'%s' cannot be denied: a child needs it to run its task "
			    "and to report",
			    name);
	if (has_call(p, call))
		return 0;
	if (p->calls_n == SECCOMP_PROFILE_CALLS_MAX)
		return error_set(err, REAPQ_EINVAL, "more than %d system calls",
		    SECCOMP_PROFILE_CALLS_MAX);
	p->calls[p->calls_n++] = call;
	return 0;
}

static int
add_word(struct seccomp_profile *p, const char *word, struct reapq_error *err)
{
	bool strict = strcmp(word, "@strict") == 0;

	if (!strict && strcmp(word, "@default") != 0)
		return add_call(p, word, err);
	p->no_namespaces = true;
	p->no_network = p->no_network || strict;
	return seccomp_profile_parse(p, strict ? strict_calls : default_calls, err);
}

int
seccomp_profile_parse(
    struct seccomp_profile *p, const char *text, struct reapq_error *err)
{
	int number = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		char line[256], word[128], more[2];
		int n;

		number++;
		snprintf(
		    line, sizeof(line), "%.*s", (int)(len < 255 ? len : 255), text);
		line[strcspn(line, "#")] = '\0';
		text += len + (text[len] == '\n');
		n = sscanf(line, "%127s %1s", word, more);
		if (n == 2)
			return error_set(err, REAPQ_EINVAL,
			    "line %d: one name a line, not '%.64s'", number, line);
		if (n == 1 && add_word(p, word, err) != 0)
			return error_wrap(err, REAPQ_EINVAL, "line %d", number);
	}
	return 0;
}

static int
read_file(const char *path, char *text, size_t cap, struct reapq_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t held = 0;
	ssize_t n = 0;

	if (fd < 0)
		return error_sys(err, errno, "%s", path);
	while (held < cap && (n = read(fd, text + held, cap - held)) > 0)
		held += (size_t)n;
	if (n < 0) {
		n = errno;
		close(fd);
		return error_sys(err, (int)n, "%s", path);
	}
	close(fd);
	if (held == cap)
		return error_set(
		    err, REAPQ_EINVAL, "%s is larger than %zu bytes", path, cap - 1);
	text[held] = '\0';
	if (strlen(text) != held)
		return error_set(err, REAPQ_EINVAL, "%s is not a text file", path);
	return 0;
}

int
seccomp_profile_load(
    struct seccomp_profile *p, const char *spec, struct reapq_error *err)
{
	static char text[FILE_MAX];
	const char *slash = strrchr(spec, '/');
	char builtin[16];
	int rc;

	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "%s", slash != NULL ? slash + 1 : spec);
	/* It becomes a word of reports. */
	for (char *c = p->name; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			*c = '_';
	if (strcmp(spec, "default") == 0 || strcmp(spec, "strict") == 0) {
		snprintf(builtin, sizeof(builtin), "@%s", spec);
		return seccomp_profile_parse(p, builtin, err);
	}
	if (slash == NULL)
		return error_set(err, REAPQ_EINVAL,
		    "'%s' is not default, strict, or a file with a slash in its name",
		    spec);
	if ((rc = read_file(spec, text, sizeof(text), err)) != 0)
		return rc;
	if ((rc = seccomp_profile_parse(p, text, err)) != 0)
		return error_wrap(err, rc, "%s", spec);
	if (p->calls_n == 0)
		return error_set(err, REAPQ_EINVAL, "%s denies nothing", spec);
	return 0;
}

/* ---- the program ----------------------------------------------------------------- */

/* clone3's flags are in memory, where no filter can look; without it the C library takes
 * clone. */
static int
deny_namespaces(scmp_filter_ctx ctx)
{
	static const uint64_t flags[] = {CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC,
	    CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP};
	int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	for (size_t i = 0; rc == 0 && i < sizeof(flags) / sizeof(flags[0]); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_TRAP, SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i]));
	return rc;
}

static int
add_rules(scmp_filter_ctx ctx, const struct seccomp_profile *p)
{
	static const struct scmp_arg_cmp not_unix = {0, SCMP_CMP_NE, AF_UNIX, 0};
	int rc = 0;

#if defined(__x86_64__)
	/* 32-bit programs: else each of their calls would be one too many. */
	rc = seccomp_arch_add(ctx, SCMP_ARCH_X86);
#endif
	for (size_t i = 0; rc == 0 && i < p->calls_n; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_TRAP, p->calls[i], 0);
	if (rc == 0 && p->no_namespaces)
		rc = deny_namespaces(ctx);
	if (rc == 0 && p->no_network)
		rc = seccomp_rule_add_array(
		    ctx, SCMP_ACT_TRAP, SCMP_SYS(socket), 1, &not_unix);
	return rc;
}

static int export(
    scmp_filter_ctx ctx, struct sock_filter *ret_filter, size_t cap, size_t *ret_n)
{
	int fd = memfd_create("seccomp", MFD_CLOEXEC);
	ssize_t n;
	int rc;

	if (fd < 0)
		return -errno;
	rc = seccomp_export_bpf(ctx, fd);
	n = rc == 0 ? pread(fd, ret_filter, cap * sizeof(*ret_filter), 0) : -1;
	if (rc == 0 && n < 0)
		rc = -errno;
	if (rc == 0 && lseek(fd, 0, SEEK_END) > n)
		rc = -E2BIG;
	close(fd);
	*ret_n = rc == 0 ? (size_t)n / sizeof(*ret_filter) : 0;
	return rc;
}

int
seccomp_profile_compile(const struct seccomp_profile *p, struct sock_filter *ret_filter,
    size_t cap, size_t *ret_n, struct reapq_error *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc;

	if (ctx == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for a seccomp filter");
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP);
	/* A search, not a walk, where the library can: each call of a task pays for it. */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	rc = add_rules(ctx, p);
	if (rc == 0)
		rc = export(ctx, ret_filter, cap, ret_n);
	seccomp_release(ctx);
	return rc == 0
		   ? 0
		   : error_sys(err, -rc, "making the seccomp filter of %s", p->name);
}

const char *
seccomp_profile_call_name(int number, int arch, char *buf, size_t cap)
{
	char *name = seccomp_syscall_resolve_num_arch(
	    arch == -1 ? SCMP_ARCH_NATIVE : (uint32_t)arch, number);

	if (name != NULL)
		snprintf(buf, cap, "%s (%d)", name, number);
	else
		snprintf(buf, cap, "%d", number);
	free(name);
	return buf;
}
