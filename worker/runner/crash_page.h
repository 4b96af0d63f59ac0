/*
 * crash_page.h - the page that a child shares with the worker, and that outlives it.
 *
 * Made by the worker (a memfd) for each child, mapped by the child before user code,
 * read by the worker after the child's death, once, into memory of its own. Everything
 * in it may be scribbled over by user code: the reader (crash_record.c) bounds every
 * number and every string. Both ends are of one build; CRASH_PAGE_MAGIC changes with the
 * layout all the same, so that a mixed installation reads as "no record".
 */
#ifndef RUNNER_CRASH_PAGE_H
#define RUNNER_CRASH_PAGE_H

#include <signal.h>
#include <stdint.h>

#define CRASH_PAGE_BYTES 8192
#define CRASH_PAGE_MAGIC 0x52435201u
#define CRASH_PAGE_FIRST 48 /* frames from the top that are always kept */
#define CRASH_PAGE_LAST 16  /* a ring of the deepest ones */
#define CRASH_PAGE_FRAMES (CRASH_PAGE_FIRST + CRASH_PAGE_LAST)
#define CRASH_PAGE_MODULES 12
#define CRASH_PAGE_PATH 192
#define CRASH_PAGE_BUILD_ID 20
#define CRASH_PAGE_TEXT 256
#define CRASH_PAGE_NO_MODULE UINT32_MAX

/* "Where are you?", from the worker at the time limit. Reserved: reapq/module.h. */
#define CRASH_PAGE_ASK (SIGRTMAX - 2)

enum crash_page_state {
	CRASH_PAGE_EMPTY = 0,
	CRASH_PAGE_FACTS, /* all but what follows is there */
	CRASH_PAGE_WHOLE  /* the backtrace and the mapping too */
};

struct crash_page_frame {
	uint64_t address; /* where it was; for a caller, within the call */
	uint32_t module;  /* index in modules, or NO_MODULE */
	uint32_t reserved;
};

struct crash_page_module {
	uint64_t base; /* address - base is the offset in the file's own numbers */
	uint32_t build_id_len;
	unsigned char build_id[CRASH_PAGE_BUILD_ID];
	char path[CRASH_PAGE_PATH];
};

/* What siginfo_t and the registers said; then what was found out about it. */
struct crash_page_record {
	uint32_t state; /* enum crash_page_state, written last */
	int32_t signal, code, pid, tid;
	int32_t sender_pid; /* of SI_USER, SI_TKILL and SI_QUEUE */
	uint32_t sender_uid;
	int32_t syscall, arch;  /* of SIGSYS */
	uint32_t has_registers; /* trap and error too, on x86-64 only */
	uint64_t address;       /* si_addr */
	uint64_t pc, sp, trap, error;
	uint64_t stack_low,
	    stack_high; /* the main thread's, by its limit; 0: unknown */
	/* The mapping that address lies in; start == end: none was found. */
	uint64_t map_start, map_end, map_offset;
	int64_t file_size; /* of the mapped file; -1: not known */
	int64_t fs_free;   /* bytes free where the file is; -1: not known */
	char map_path[CRASH_PAGE_PATH];
	uint32_t depth; /* frames seen; the ring holds the last of more than FRAMES */
	uint32_t reserved;
	struct crash_page_frame frames[CRASH_PAGE_FRAMES];
};

struct crash_page {
	uint32_t magic;
	uint32_t note_seq; /* 0: none; else notes[note_seq % 2] is whole */
	char notes[2][CRASH_PAGE_TEXT];
	char abort_message[CRASH_PAGE_TEXT]; /* the C library's */
	struct crash_page_record crash;      /* of the signal that ended it */
	struct crash_page_record asked;      /* the answer to CRASH_PAGE_ASK */
	uint32_t modules_count;
	uint32_t reserved;
	struct crash_page_module modules[CRASH_PAGE_MODULES];
};

_Static_assert(sizeof(struct crash_page) <= CRASH_PAGE_BYTES, "the page is too small");

#endif
