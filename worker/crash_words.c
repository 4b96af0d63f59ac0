/*
 * crash_words.c - says what a crash record shows, and not a word more.
 *
 * An address that the processor did not give is never called a null pointer; a stack is
 * called full only where the address lies at its known end. Codes and traps as in
 * sigaction(2) and the processor's manual.
 */
#include "crash_words.h"

#include "names.h"
#include "units.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define NULL_ZONE 65536u /* vm.mmap_min_addr: a field of a struct at NULL */
#define GUARD_ZONE (UINT64_C(1) << 20) /* what Linux keeps free below a stack */
/* From the top of a main thread's stack down, Linux maps nothing else of its own accord. */
#define STACK_GAP (UINT64_C(128) << 20)
#define TRAP_PAGE_FAULT 14u
#define ERROR_WRITE 2u
#define ERROR_FETCH 16u

struct code {
	int signal, code; /* signal 0: of any */
	const char *name;
};

#define CODE(sig, name)          \
	{                        \
		sig, name, #name \
	}

static const struct code codes[] = {
    CODE(SIGSEGV, SEGV_MAPERR),
    CODE(SIGSEGV, SEGV_ACCERR),
    {SIGSEGV, 3, "SEGV_BNDERR"},
    {SIGSEGV, 4, "SEGV_PKUERR"},
    {SIGSEGV, 8, "SEGV_MTEAERR"},
    {SIGSEGV, 9, "SEGV_MTESERR"},
    CODE(SIGBUS, BUS_ADRALN),
    CODE(SIGBUS, BUS_ADRERR),
    CODE(SIGBUS, BUS_OBJERR),
    {SIGBUS, 4, "BUS_MCEERR_AR"},
    {SIGBUS, 5, "BUS_MCEERR_AO"},
    CODE(SIGFPE, FPE_INTDIV),
    CODE(SIGFPE, FPE_INTOVF),
    CODE(SIGFPE, FPE_FLTDIV),
    CODE(SIGFPE, FPE_FLTOVF),
    CODE(SIGFPE, FPE_FLTUND),
    CODE(SIGFPE, FPE_FLTRES),
    CODE(SIGFPE, FPE_FLTINV),
    CODE(SIGFPE, FPE_FLTSUB),
    CODE(SIGILL, ILL_ILLOPC),
    CODE(SIGILL, ILL_ILLOPN),
    CODE(SIGILL, ILL_ILLADR),
    CODE(SIGILL, ILL_ILLTRP),
    CODE(SIGILL, ILL_PRVOPC),
    CODE(SIGILL, ILL_PRVREG),
    CODE(SIGILL, ILL_COPROC),
    CODE(SIGILL, ILL_BADSTK),
    CODE(SIGTRAP, TRAP_BRKPT),
    CODE(SIGTRAP, TRAP_TRACE),
    {SIGTRAP, 3, "TRAP_BRANCH"},
    {SIGTRAP, 4, "TRAP_HWBKPT"},
    {SIGSYS, 1, "SYS_SECCOMP"},
    CODE(0, SI_USER),
    CODE(0, SI_KERNEL),
    CODE(0, SI_QUEUE),
    CODE(0, SI_TIMER),
    CODE(0, SI_MESGQ),
    CODE(0, SI_ASYNCIO),
    CODE(0, SI_SIGIO),
    CODE(0, SI_TKILL),
};

const char *
crash_words_code(int signal, int code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code &&
		    (codes[i].signal == 0 || codes[i].signal == signal))
			return codes[i].name;
	return NULL;
}

static bool
is_memory(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS;
}

bool
crash_words_has_address(const struct crash_record *r)
{
	bool fault = is_memory(r->signal) || r->signal == SIGFPE || r->signal == SIGILL;

	return r->seen && !r->asked && fault && r->code > 0 && r->code != SI_KERNEL;
}

static bool
by_itself(const struct crash_record *r)
{
	return r->sender_pid > 0 && r->sender_pid == r->pid;
}

bool
crash_words_sent(const struct crash_record *r)
{
	return r->seen && !r->asked && r->sender_pid >= 0 && r->sender_pid != r->pid;
}

/* "read of", and "access to" where the processor did not say. */
static const char *
access_of(const struct crash_record *r)
{
	if (!r->has_registers || r->trap != TRAP_PAGE_FAULT)
		return "access to";
	if (r->error & ERROR_FETCH)
		return "jump to";
	return r->error & ERROR_WRITE ? "write to" : "read of";
}

static bool
at_stack_end(const struct crash_record *r)
{
	if (r->stack_low == 0 || r->stack_low <= GUARD_ZONE)
		return false;
	return r->address >= r->stack_low - GUARD_ZONE &&
	       r->address < r->stack_low + CRASH_PAGE_BYTES &&
	       r->sp < r->stack_low + GUARD_ZONE && r->sp >= r->stack_low - GUARD_ZONE;
}

/* One large frame takes the stack pointer past the end, and past what is kept free. */
static bool
below_stack(const struct crash_record *r)
{
	return r->stack_low != 0 && r->stack_high > STACK_GAP && r->sp < r->stack_low &&
	       r->sp >= r->stack_high - STACK_GAP &&
	       r->address >= r->sp - CRASH_PAGE_BYTES && r->address < r->stack_low;
}

static void
segv_cause(const struct crash_record *r, char *buf, size_t cap)
{
	char size[32], below[32];

	if (r->code == SI_KERNEL)
		snprintf(buf, cap,
		    "general protection fault: a pointer that is no possible address, "
		    "most likely; the processor does not say which");
	else if (at_stack_end(r))
		snprintf(buf, cap,
		    "stack overflow: %s 0x%" PRIx64 ", at the end of its stack of %s",
		    access_of(r), r->address,
		    units_format_size(
			(int64_t)(r->stack_high - r->stack_low), size, sizeof(size)));
	else if (r->code == SEGV_MAPERR && below_stack(r))
		snprintf(buf, cap,
		    "stack overflow: %s 0x%" PRIx64
		    ", in a frame that reaches %s below "
		    "the end of its stack of %s",
		    access_of(r), r->address,
		    units_format_size(
			(int64_t)(r->stack_low - r->sp), below, sizeof(below)),
		    units_format_size(
			(int64_t)(r->stack_high - r->stack_low), size, sizeof(size)));
	else if (r->code == SEGV_MAPERR && r->address < NULL_ZONE)
		snprintf(buf, cap, "null pointer: %s address 0x%" PRIx64, access_of(r),
		    r->address);
	else if (r->code == SEGV_MAPERR)
		snprintf(buf, cap, "%s address 0x%" PRIx64 ", where nothing is mapped",
		    access_of(r), r->address);
	else
		snprintf(buf, cap, "%s address 0x%" PRIx64 ", which is not allowed%s%s",
		    access_of(r), r->address, r->map_path[0] != '\0' ? " in " : "",
		    r->map_path);
}

static void
bus_cause(const struct crash_record *r, char *buf, size_t cap)
{
	uint64_t at = r->address - r->map_start + r->map_offset;

	if (r->code == SI_KERNEL)
		snprintf(buf, cap,
		    "stack segment fault: a stack pointer that is no possible address, "
		    "most likely; the processor does not say which");
	else if (r->code != BUS_ADRERR)
		snprintf(
		    buf, cap, "bad %s address 0x%" PRIx64, access_of(r), r->address);
	else if (r->file_size >= 0 && at >= (uint64_t)r->file_size)
		snprintf(buf, cap,
		    "beyond the end of a mapped file: byte %" PRIu64
		    " of %s, which has %" PRId64,
		    at, r->map_path, r->file_size);
	else if (r->fs_free >= 0 && r->fs_free < CRASH_PAGE_BYTES)
		snprintf(buf, cap,
		    "no space where %s is (%" PRId64
		    " bytes free): the page at 0x%" PRIx64 " could not be had",
		    r->map_path, r->fs_free, r->address);
	else
		snprintf(buf, cap,
		    "the page at 0x%" PRIx64 "%s%s could not be had: beyond the end "
		    "of a file, or no space for it",
		    r->address, r->map_path[0] != '\0' ? " of " : "", r->map_path);
}

/* The line of stderr that an assertion, or the heap's own checks, wrote. */
static void
abort_line(const char *err, size_t len, char *buf, size_t cap)
{
	static const char *const marks[] = {"Assertion", "terminate called", "***",
	    "free()", "malloc()", "corrupted", "assert"};

	buf[0] = '\0';
	for (size_t from = 0; from < len;) {
		const char *line = err + from;
		const char *end = memchr(line, '\n', len - from);
		size_t n = end != NULL ? (size_t)(end - line) : len - from;

		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
			if (memmem(line, n, marks[i], strlen(marks[i])) != NULL)
				snprintf(
				    buf, cap, "%.*s", (int)(n < 255 ? n : 255), line);
		from += n + 1;
	}
}

static void
abort_cause(const struct crash_record *r, const char *err, size_t err_len, char *buf,
    size_t cap)
{
	char line[CRASH_PAGE_TEXT];

	abort_line(err, err_len, line, sizeof(line));
	if (r->abort_message[0] != '\0')
		snprintf(buf, cap, "it aborted itself: %s", r->abort_message);
	else if (line[0] != '\0')
		snprintf(buf, cap, "it aborted itself, having written: %s", line);
	else
		snprintf(buf, cap, "it aborted itself");
}

static void
sent_cause(const struct crash_record *r, char *buf, size_t cap)
{
	if (r->sender_pid == 0)
		snprintf(buf, cap,
		    "sent from outside its PID namespace, by user %" PRIu32,
		    r->sender_uid);
	else
		snprintf(buf, cap, "sent by process %d of user %" PRIu32, r->sender_pid,
		    r->sender_uid);
}

void
crash_words_cause(const struct crash_record *r, const char *err, size_t err_len,
    char *buf, size_t cap)
{
	buf[0] = '\0';
	if (!r->seen || r->asked)
		return;
	if (crash_words_sent(r))
		sent_cause(r, buf, cap);
	else if (r->signal == SIGABRT && by_itself(r))
		abort_cause(r, err, err_len, buf, cap);
	else if (by_itself(r))
		snprintf(buf, cap, "it sent the signal to itself");
	else if (r->signal == SIGSEGV)
		segv_cause(r, buf, cap);
	else if (r->signal == SIGBUS)
		bus_cause(r, buf, cap);
	else if (r->signal == SIGFPE && r->code == FPE_INTDIV)
		snprintf(
		    buf, cap, "integer division by zero, or its result does not fit");
	else if (r->signal == SIGFPE)
		snprintf(buf, cap, "arithmetic error");
	else if (r->signal == SIGILL)
		snprintf(buf, cap, "an instruction that the processor does not know");
	else if (r->signal == SIGTRAP)
		snprintf(buf, cap, "a breakpoint or trap instruction");
	else if (r->signal == SIGSYS && r->code == 1)
		snprintf(buf, cap, "system call %d was refused by a seccomp filter",
		    r->syscall);
}

/* ---- where -------------------------------------------------------------------- */

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Where a death is carried out, not where it comes from. */
static bool
is_library(const struct crash_record *r, const struct crash_frame *f)
{
	static const char *const names[] = {"libc.so", "libc-", "libpthread",
	    "ld-linux", "ld-", "libasan", "libubsan", "libtsan", "libstdc++",
	    "linux-vdso"};
	const char *name;

	if (f->module < 0)
		return true;
	name = base_of(r->modules[f->module].path);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

void
crash_words_place(const struct crash_record *r, char *buf, size_t cap)
{
	const struct crash_frame *f = r->frames;
	const struct crash_frame *end = r->frames + r->frames_n;

	buf[0] = '\0';
	while (f < end && is_library(r, f))
		f++;
	if (f == end)
		return;
	if (f->function[0] != '\0' && f->file[0] != '\0')
		snprintf(
		    buf, cap, "%s (%s:%d)", f->function, base_of(f->file), f->line);
	else if (f->function[0] != '\0')
		snprintf(buf, cap, "%s (%s)", f->function,
		    base_of(r->modules[f->module].path));
	else
		snprintf(buf, cap, "%s+0x%" PRIx64, base_of(r->modules[f->module].path),
		    f->offset);
}

/* ---- for the evidence ------------------------------------------------------------ */

void
crash_words_signal(const struct crash_record *r, char *buf, size_t cap)
{
	const char *code = crash_words_code(r->signal, r->code);
	char address[40] = "", sender[64] = "";

	if (crash_words_has_address(r))
		snprintf(address, sizeof(address), " at 0x%" PRIx64, r->address);
	if (r->sender_pid >= 0)
		snprintf(sender, sizeof(sender), " from process %d of user %" PRIu32,
		    r->sender_pid, r->sender_uid);
	if (r->asked)
		snprintf(buf, cap, "interrupted in thread %d", r->tid);
	else if (code != NULL)
		snprintf(buf, cap, "%s, %s%s%s, in thread %d", names_signal(r->signal),
		    code, address, sender, r->tid);
	else
		snprintf(buf, cap, "%s, code %d%s%s, in thread %d",
		    names_signal(r->signal), r->code, address, sender, r->tid);
}

void
crash_words_registers(const struct crash_record *r, char *buf, size_t cap)
{
	int n = snprintf(buf, cap, "pc 0x%" PRIx64 ", sp 0x%" PRIx64, r->pc, r->sp);

	if (r->has_registers && n > 0 && (size_t)n < cap)
		snprintf(buf + n, cap - (size_t)n,
		    ", trap %" PRIu64 ", error 0x%" PRIx64, r->trap, r->error);
}

void
crash_words_frames(const struct crash_record *r, char *buf, size_t cap)
{
	snprintf(buf, cap, "%" PRIu32 " frames%s%s", r->depth,
	    r->depth > CRASH_PAGE_FRAMES
		? ", of which the first 48 and the last 16 are kept"
		: "",
	    r->whole ? "" : "; the record is not complete");
}
