/*
 * crash_walk.c - the backtrace, taken inside a signal handler.
 *
 * Frames come from libgcc's unwinder, which reads the unwind tables that every module
 * has: nothing has to be built with frame pointers. It is linked in statically and has
 * run once before any fork, so that it allocates nothing and loads nothing here; modules
 * are found by dl_find_object(3), which takes no lock. Invariant: a frame is counted
 * only after it is whole. A walk over a broken stack may fault: the caller catches that.
 */
#include "crash_walk.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

#define KNOWN_MAX 64
#define DEPTH_MAX 131072 /* then it is endless for anybody's purpose */

struct known {
	uint64_t low, high; /* addresses it takes */
	struct crash_page_module module;
};

/* Filled before any fork, never written after: the children share its memory. */
static struct known known[KNOWN_MAX];
static size_t known_n;

struct walk {
	struct crash_page *page;
	struct crash_page_record *rec;
	uint64_t from; /* frames count from the one that was interrupted here */
	int begun;
};

#if defined(__x86_64__)
#define PC(uc) ((uc)->uc_mcontext.gregs[REG_RIP])
#define SP(uc) ((uc)->uc_mcontext.gregs[REG_RSP])
#elif defined(__aarch64__)
#define PC(uc) ((uc)->uc_mcontext.pc)
#define SP(uc) ((uc)->uc_mcontext.sp)
#endif

uint64_t
crash_walk_pc(const ucontext_t *context)
{
#ifdef PC
	return (uint64_t)PC(context);
#else
	(void)context;
	return 0;
#endif
}

uint64_t
crash_walk_sp(const ucontext_t *context)
{
#ifdef SP
	return (uint64_t)SP(context);
#else
	(void)context;
	return 0;
#endif
}

static void
copy_text(char *to, size_t cap, const char *from)
{
	size_t n = strnlen(from, cap - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

/* ---- modules ---------------------------------------------------------------- */

static void
find_build_id(struct crash_page_module *m, const char *notes, size_t len)
{
	size_t off = 0;

	while (off + sizeof(ElfW(Nhdr)) <= len) {
		ElfW(Nhdr) head;
		size_t name, desc;

		memcpy(&head, notes + off, sizeof(head));
		name = off + sizeof(head);
		desc = name + (((size_t)head.n_namesz + 3) & ~(size_t)3);
		off = desc + (((size_t)head.n_descsz + 3) & ~(size_t)3);
		if (off > len)
			return;
		if (head.n_type != NT_GNU_BUILD_ID || head.n_namesz != 4 ||
		    memcmp(notes + name, "GNU", 4) != 0 ||
		    head.n_descsz > CRASH_PAGE_BUILD_ID)
			continue;
		m->build_id_len = head.n_descsz;
		memcpy(m->build_id, notes + desc, head.n_descsz);
		return;
	}
}

/* Where a module is in memory, and its build-id, from its program headers there. */
static void
read_headers(struct known *k, const ElfW(Phdr) * headers, size_t n, uint64_t base)
{
	k->low = UINT64_MAX;
	k->module.base = base;
	for (size_t i = 0; i < n; i++) {
		const ElfW(Phdr) *ph = &headers[i];
		uint64_t at = base + ph->p_vaddr;

		if (ph->p_type == PT_LOAD && at < k->low)
			k->low = at;
		if (ph->p_type == PT_LOAD && at + ph->p_memsz > k->high)
			k->high = at + ph->p_memsz;
		if (ph->p_type == PT_NOTE && k->module.build_id_len == 0)
			find_build_id(&k->module, (const char *)(uintptr_t)at,
			    (size_t)ph->p_memsz);
	}
}

static int
on_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct known *k = &known[known_n];

	(void)size;
	(void)arg;
	if (known_n == KNOWN_MAX)
		return 1;
	memset(k, 0, sizeof(*k));
	read_headers(k, info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr);
	if (info->dlpi_name != NULL && info->dlpi_name[0] != '\0')
		copy_text(k->module.path, CRASH_PAGE_PATH, info->dlpi_name);
	else if (known_n == 0) /* the program itself comes first, and nameless */
		(void)!readlink("/proc/self/exe", k->module.path, CRASH_PAGE_PATH - 1);
	known_n++;
	return 0;
}

static uint32_t
module_in_page(struct crash_page *page, const struct crash_page_module *m)
{
	uint32_t n = page->modules_count;

	if (n > CRASH_PAGE_MODULES)
		return CRASH_PAGE_NO_MODULE;
	for (uint32_t i = 0; i < n; i++)
		if (page->modules[i].base == m->base)
			return i;
	if (n == CRASH_PAGE_MODULES)
		return CRASH_PAGE_NO_MODULE;
	page->modules[n] = *m;
	page->modules_count = n + 1;
	return n;
}

static uint32_t
module_of(struct crash_page *page, uint64_t address)
{
	for (size_t i = 0; i < known_n; i++)
		if (address >= known[i].low && address < known[i].high)
			return module_in_page(page, &known[i].module);
#if __GLIBC_PREREQ(2, 35)
	/* Loaded by the handler itself. */
	struct known late;
	struct dl_find_object found;
	const ElfW(Ehdr) * elf;

	if (_dl_find_object((void *)(uintptr_t)address, &found) == 0) {
		memset(&late, 0, sizeof(late));
		elf = found.dlfo_map_start;
		read_headers(&late,
		    (const ElfW(Phdr) *)(const void *)((const char *)elf +
						       elf->e_phoff),
		    elf->e_phnum, found.dlfo_link_map->l_addr);
		if (found.dlfo_link_map->l_name != NULL)
			copy_text(late.module.path, CRASH_PAGE_PATH,
			    found.dlfo_link_map->l_name);
		return module_in_page(page, &late.module);
	}
#endif
	return CRASH_PAGE_NO_MODULE;
}

/* ---- frames ------------------------------------------------------------------ */

static void
push(struct crash_page *page, struct crash_page_record *rec, uint64_t address)
{
	uint32_t n = rec->depth;
	struct crash_page_frame *f;

	f = n < CRASH_PAGE_FIRST
		? &rec->frames[n]
		: &rec->frames[CRASH_PAGE_FIRST +
			       (n - CRASH_PAGE_FIRST) % CRASH_PAGE_LAST];
	f->address = address;
	f->module = module_of(page, address);
	rec->depth = n + 1;
}

static _Unwind_Reason_Code
on_frame(struct _Unwind_Context *context, void *arg)
{
	struct walk *w = arg;
	int exact = 0;
	uint64_t ip = (uint64_t)_Unwind_GetIPInfo(context, &exact);

	if (w->rec == NULL)
		return _URC_NO_REASON;
	if (ip == 0 || w->rec->depth >= DEPTH_MAX)
		return _URC_END_OF_STACK;
	/* The handler's own frames, and the kernel's trampoline. */
	if (!w->begun && !(exact && ip == w->from))
		return _URC_NO_REASON;
	if (!w->begun) {
		w->begun = 1;
		if (w->rec->depth > 0 && w->rec->frames[0].address == ip)
			return _URC_NO_REASON;
	}
	push(w->page, w->rec, exact ? ip : ip - 1);
	return _URC_NO_REASON;
}

void
crash_walk_init(void)
{
	struct walk nothing = {NULL, NULL, 0, 0};

	(void)dl_iterate_phdr(on_module, NULL);
	(void)_Unwind_Backtrace(on_frame, &nothing);
}

void
crash_walk(struct crash_page *page, struct crash_page_record *rec, ucontext_t *context)
{
	struct walk w = {page, rec, crash_walk_pc(context), 0};

	push(page, rec, w.from);
#if defined(__x86_64__)
	/*
	 * A call through a bad pointer: there is no code here to unwind from, but the
	 * call has just put its return address on the stack. Let the unwinder see the
	 * moment before the call.
	 */
	if (rec->frames[0].module == CRASH_PAGE_NO_MODULE) {
		greg_t pc = PC(context), sp = SP(context);
		greg_t caller = *(const greg_t *)(uintptr_t)sp - 1;

		if (module_of(page, (uint64_t)caller) == CRASH_PAGE_NO_MODULE)
			return;
		w.from = (uint64_t)caller;
		PC(context) = caller;
		SP(context) = sp + 8;
		(void)_Unwind_Backtrace(on_frame, &w);
		PC(context) = pc;
		SP(context) = sp;
		return;
	}
#endif
	(void)_Unwind_Backtrace(on_frame, &w);
}
