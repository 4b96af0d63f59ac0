/*
 * crash.c - owns the shared page in the child, and the handlers that write it.
 *
 * Invariants: what is written first is what can be known without following a pointer;
 * state says how far it got, so a handler that faults or hangs costs the rest only. The
 * handler never hides a death: it puts the default action back and lets the same signal
 * strike again, so waitid(2) and a core file show the true one. Only the process that
 * attached writes records: what it forks does not. No lock, no memory from the heap.
 */
#include "crash.h"

#include "crash_map.h"
#include "crash_page.h"
#include "crash_walk.h"
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ALT_STACK ((size_t)128 * 1024)
#define ASKED_MS 300         /* more than the worker waits for the answer */
#define OTHER_THREAD_MS 1000 /* for the first to finish its record */

static const int fatal[] = {
    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGXCPU, SIGXFSZ};

#define FATAL_N (sizeof(fatal) / sizeof(fatal[0]))

/* glibc keeps the text of a failed assertion, or of its heap checks, for core files. */
struct abort_text {
	unsigned int size;
	char text[];
};

static struct crash_page *page; /* NULL: nothing is recorded */
static pid_t owner;             /* the process that attached; 0 in the runner */
static uint64_t stack_high;     /* end of the main thread's stack */
static struct abort_text **abort_text;
static atomic_int recording; /* the thread that writes the crash record */
static sigjmp_buf walk_failed;
static volatile sig_atomic_t walking; /* the thread that walks a stack */

static pid_t
thread_id(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/* ---- the record --------------------------------------------------------------- */

static void
take_sender(struct crash_page_record *rec, const siginfo_t *si)
{
	rec->sender_pid = -1;
	rec->syscall = rec->arch = -1;
	if (si->si_code == SI_USER || si->si_code == SI_TKILL ||
	    si->si_code == SI_QUEUE) {
		rec->sender_pid = si->si_pid;
		rec->sender_uid = si->si_uid;
	} else if (si->si_signo == SIGSYS) {
		rec->syscall = si->si_syscall;
		rec->arch = (int32_t)si->si_arch;
	} else if (si->si_code > 0) {
		rec->address = (uint64_t)(uintptr_t)si->si_addr;
	}
}

static void
take_facts(struct crash_page_record *rec, const siginfo_t *si, const ucontext_t *uc)
{
	struct rlimit limit;

	rec->signal = si->si_signo;
	rec->code = si->si_code;
	rec->pid = owner;
	rec->tid = thread_id();
	rec->file_size = rec->fs_free = -1;
	take_sender(rec, si);
	rec->pc = crash_walk_pc(uc);
	rec->sp = crash_walk_sp(uc);
#if defined(__x86_64__)
	rec->has_registers = 1;
	rec->trap = (uint64_t)uc->uc_mcontext.gregs[REG_TRAPNO];
	rec->error = (uint64_t)uc->uc_mcontext.gregs[REG_ERR];
#endif
	if (rec->tid == owner && stack_high != 0 &&
	    getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < stack_high) {
		rec->stack_high = stack_high;
		rec->stack_low = stack_high - limit.rlim_cur;
	}
	atomic_thread_fence(memory_order_release);
	rec->state = CRASH_PAGE_FACTS;
}

static void
take_abort_message(void)
{
	const struct abort_text *m = abort_text != NULL ? *abort_text : NULL;

	if (m == NULL)
		return;
	memset(page->abort_message, 0, CRASH_PAGE_TEXT);
	memcpy(page->abort_message, m->text, strnlen(m->text, CRASH_PAGE_TEXT - 1));
}

/* A walk over a stack that is broken may fault: on_fatal comes back here then. */
static void
take_backtrace(struct crash_page_record *rec, ucontext_t *uc)
{
	sigset_t faults;

	if (sigsetjmp(walk_failed, 1) == 0) {
		sigemptyset(&faults);
		sigaddset(&faults, SIGSEGV);
		sigaddset(&faults, SIGBUS);
		walking = thread_id();
		(void)sigprocmask(SIG_UNBLOCK, &faults, NULL);
		crash_walk(page, rec, uc);
		(void)sigprocmask(SIG_BLOCK, &faults, NULL);
	}
	walking = 0;
}

static void
take_rest(struct crash_page_record *rec, const siginfo_t *si, ucontext_t *uc)
{
	if (si->si_signo == SIGABRT)
		take_abort_message();
	take_backtrace(rec, uc);
	if (si->si_code > 0 && (si->si_signo == SIGSEGV || si->si_signo == SIGBUS) &&
	    rec->address != 0)
		crash_map(rec, rec->address);
	atomic_thread_fence(memory_order_release);
	rec->state = CRASH_PAGE_WHOLE;
}

/* ---- the handlers -------------------------------------------------------------- */

/* The first thread that dies is the one that counts. False: this is another one. */
static int
first_to_die(void)
{
	struct timespec ms = {0, 1000000};
	int nobody = 0;

	if (atomic_compare_exchange_strong(&recording, &nobody, thread_id()))
		return 1;
	/* The first ends the process, and this thread with it. */
	for (int i = 0; i < OTHER_THREAD_MS; i++)
		(void)nanosleep(&ms, NULL);
	return 0;
}

/* Executed again, the same instruction faults again. */
static int
strikes_again(const siginfo_t *si)
{
	return si->si_code > 0 && (si->si_signo == SIGSEGV || si->si_signo == SIGBUS ||
				      si->si_signo == SIGFPE || si->si_signo == SIGILL);
}

static void
on_fatal(int sig, siginfo_t *si, void *context)
{
	int saved = errno;
	struct sigaction dfl;

	if (walking != 0 && walking == thread_id() && (sig == SIGSEGV || sig == SIGBUS))
		siglongjmp(walk_failed, 1);
	if (getpid() == owner && first_to_die()) {
		memset(&page->crash, 0, sizeof(page->crash));
		take_facts(&page->crash, si, context);
		take_rest(&page->crash, si, context);
	}
	memset(&dfl, 0, sizeof(dfl));
	dfl.sa_handler = SIG_DFL;
	(void)sigaction(sig, &dfl, NULL);
	/* It is blocked here, and strikes on the way out. */
	if (!strikes_again(si))
		(void)syscall(SYS_tgkill, getpid(), thread_id(), sig);
	errno = saved;
}

/*
 * The time limit is over: SIGTERM follows at once. User code must not go on in between, as
 * the question itself would end its sleep or poll early, and it would answer wrongly; so
 * this waits for the end inside the handler, within a bound.
 */
static void
await_the_end(void)
{
	static const struct timespec pause = {0, 1000000};

	for (int i = 0; i < ASKED_MS; i++)
		(void)nanosleep(&pause, NULL);
}

static void
on_ask(int sig, siginfo_t *si, void *context)
{
	int saved = errno;

	(void)sig;
	if (getpid() == owner && page->asked.state == CRASH_PAGE_EMPTY &&
	    atomic_load(&recording) == 0) {
		take_facts(&page->asked, si, context);
		take_rest(&page->asked, si, context);
		await_the_end();
	}
	errno = saved;
}

/* ---- setting up ------------------------------------------------------------------ */

static void
make_alt_stack(void)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	stack_t alt;

	memset(&alt, 0, sizeof(alt));
	alt.ss_size = ALT_STACK;
	alt.ss_sp = mmap(NULL, guard + ALT_STACK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (alt.ss_sp == MAP_FAILED)
		return;
	(void)mprotect(alt.ss_sp, guard, PROT_NONE);
	alt.ss_sp = (char *)alt.ss_sp + guard;
	(void)sigaltstack(&alt, NULL);
}

/* The kernel's word for it; nothing else says where a main thread's stack ends. */
static void
find_stack(void)
{
	char line[512];
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long long start, end;

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		char *dash = strchr(line, '-');

		if (dash == NULL || strstr(line, "[stack]") == NULL)
			continue;
		start = strtoull(line, NULL, 16);
		end = strtoull(dash + 1, NULL, 16);
		if (start < end)
			stack_high = end;
	}
	(void)fclose(f);
}

static void
catch_signals(void)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = SIG_DFL;
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGINT && sig != SIGTERM && sig != SIGHUP)
			(void)sigaction(sig, &act, NULL);
	act.sa_flags = SA_SIGINFO | SA_ONSTACK;
	for (size_t i = 0; i < FATAL_N; i++)
		sigaddset(&act.sa_mask, fatal[i]);
	act.sa_sigaction = on_fatal;
	for (size_t i = 0; i < FATAL_N; i++)
		(void)sigaction(fatal[i], &act, NULL);
	act.sa_sigaction = on_ask;
	act.sa_flags |= SA_RESTART;
	(void)sigaction(CRASH_PAGE_ASK, &act, NULL);
}

void
crash_init(void)
{
	make_alt_stack();
	find_stack();
	crash_walk_init();
	/* Private to glibc, and so perhaps not there. */
	abort_text = dlvsym(RTLD_DEFAULT, "__abort_msg", "GLIBC_PRIVATE");
	catch_signals();
}

void
crash_attach(int page_fd)
{
	void *at = mmap(NULL, CRASH_PAGE_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_POPULATE, page_fd, 0);

	if (at == MAP_FAILED)
		return;
	page = at;
	page->magic = CRASH_PAGE_MAGIC;
	owner = getpid();
}

/* Written beside the note that stands, then made to stand: a death in between leaves
 * the older one. */
void
crash_note(const char *fmt, va_list ap)
{
	uint32_t next;

	if (page == NULL)
		return;
	next = page->note_seq + 1;
	(void)vsnprintf(page->notes[next % 2], CRASH_PAGE_TEXT, fmt, ap);
	atomic_thread_fence(memory_order_release);
	page->note_seq = next == 0 ? 2 : next;
}
