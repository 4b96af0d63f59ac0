/*
 * crash_record.c - reads a page that user code may have scribbled over.
 *
 * Invariants: every index is checked and every string ended before it is used; text is
 * one line. Frames of a deep stack are put back into order here: the child keeps the
 * last ones in a ring.
 */
#include "crash_record.h"

#include <stdio.h>
#include <string.h>

/* Text for people, on one line. */
static void
copy_line(char *to, size_t cap, const char *from)
{
	size_t n = strnlen(from, cap - 1);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)from[i];

		to[i] = (char)(c < ' ' || c == 127 ? ' ' : c);
	}
	while (n > 0 && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
}

static void
copy_module(struct crash_module *m, const struct crash_page_module *from)
{
	copy_line(m->path, sizeof(m->path), from->path);
	m->build_id[0] = '\0';
	if (from->build_id_len > CRASH_PAGE_BUILD_ID)
		return;
	for (uint32_t i = 0; i < from->build_id_len; i++)
		snprintf(m->build_id + (size_t)2 * i, 3, "%02x", from->build_id[i]);
}

static void
copy_frames(struct crash_record *r, const struct crash_page_record *from,
    const struct crash_page *page)
{
	r->depth = from->depth;
	r->frames_n = from->depth < CRASH_PAGE_FRAMES ? from->depth : CRASH_PAGE_FRAMES;
	for (uint32_t i = 0; i < r->frames_n; i++) {
		const struct crash_page_frame *f = &from->frames[i];
		struct crash_frame *to = &r->frames[i];

		if (i >= CRASH_PAGE_FIRST && from->depth > CRASH_PAGE_FRAMES)
			f = &from->frames[CRASH_PAGE_FIRST +
					  (from->depth - CRASH_PAGE_FRAMES + i -
					      CRASH_PAGE_FIRST) %
					      CRASH_PAGE_LAST];
		to->module = -1;
		to->offset = f->address;
		if (f->module < r->modules_n) {
			to->module = (int)f->module;
			to->offset = f->address - page->modules[f->module].base;
		}
	}
}

static void
copy_record(struct crash_record *r, const struct crash_page_record *from)
{
	r->seen = true;
	r->whole = from->state == CRASH_PAGE_WHOLE;
	r->signal = from->signal;
	r->code = from->code;
	r->pid = from->pid;
	r->tid = from->tid;
	r->sender_pid = from->sender_pid < 0 ? -1 : from->sender_pid;
	r->sender_uid = from->sender_uid;
	/* The kernel sends it in the name of the process itself; others in their own. */
	if (from->signal == SIGXFSZ && from->code == SI_USER &&
	    from->sender_pid == from->pid)
		r->sender_pid = -1;
	r->syscall = from->syscall;
	r->arch = from->arch;
	r->has_registers = from->has_registers == 1;
	r->address = from->address;
	r->pc = from->pc;
	r->sp = from->sp;
	r->trap = from->trap;
	r->error = from->error;
	if (from->stack_low < from->stack_high) {
		r->stack_low = from->stack_low;
		r->stack_high = from->stack_high;
	}
	r->file_size = r->fs_free = -1;
	if (from->map_start < from->map_end && from->map_start <= from->address &&
	    from->address < from->map_end) {
		r->map_start = from->map_start;
		r->map_end = from->map_end;
		r->map_offset = from->map_offset;
		r->file_size = from->file_size < 0 ? -1 : from->file_size;
		r->fs_free = from->fs_free < 0 ? -1 : from->fs_free;
		copy_line(r->map_path, sizeof(r->map_path), from->map_path);
	}
}

void
crash_record_read(const struct crash_page *page, int signal, bool asked,
    struct crash_record *ret_record)
{
	struct crash_record *r = ret_record;
	const struct crash_page_record *from = NULL;

	memset(r, 0, sizeof(*r));
	r->sender_pid = r->syscall = r->arch = -1;
	r->file_size = r->fs_free = -1;
	if (page->magic != CRASH_PAGE_MAGIC)
		return;
	if (page->note_seq != 0)
		copy_line(r->note, sizeof(r->note), page->notes[page->note_seq % 2]);
	if (signal != 0 && page->crash.state != CRASH_PAGE_EMPTY &&
	    page->crash.signal == signal) {
		from = &page->crash;
	} else if (asked && page->asked.state != CRASH_PAGE_EMPTY &&
		   page->asked.signal == CRASH_PAGE_ASK) {
		from = &page->asked;
		r->asked = true;
	}
	if (from == NULL)
		return;
	if (signal == SIGABRT)
		copy_line(
		    r->abort_message, sizeof(r->abort_message), page->abort_message);
	r->modules_n = page->modules_count < CRASH_PAGE_MODULES ? page->modules_count
								: CRASH_PAGE_MODULES;
	for (size_t i = 0; i < r->modules_n; i++)
		copy_module(&r->modules[i], &page->modules[i]);
	copy_record(r, from);
	copy_frames(r, from, page);
}
