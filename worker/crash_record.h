/*
 * crash_record.h - what a dead child left in its crash page, checked and copied.
 *
 * The page was writable by user code, so nothing in it is evidence of more than what
 * the process reported. Pure: bytes in, a record out, whatever the bytes are.
 */
#ifndef WORKER_CRASH_RECORD_H
#define WORKER_CRASH_RECORD_H

#include "runner/crash_page.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRASH_RECORD_FUNCTION 128
#define CRASH_RECORD_FILE 256

struct crash_module {
	char path[CRASH_PAGE_PATH];
	char build_id[2 * CRASH_PAGE_BUILD_ID + 1]; /* hex; "": not known */
};

struct crash_frame {
	int module;      /* index in modules; -1: in none */
	uint64_t offset; /* in the module's own numbers; the address if in none */
	/* From the symbolizer: "" and 0 while not known. */
	char function[CRASH_RECORD_FUNCTION];
	char file[CRASH_RECORD_FILE];
	int line;
};

struct crash_record {
	char note[CRASH_PAGE_TEXT]; /* the handler's last; "": none */
	char abort_message[CRASH_PAGE_TEXT];
	bool seen;  /* the rest of this is there */
	bool asked; /* of the time limit's question, not of the death */
	bool whole; /* it came to its end */
	int signal, code, pid, tid;
	int sender_pid; /* -1: no sender */
	uint32_t sender_uid;
	int syscall; /* -1: none */
	int arch;    /* whose number that is, AUDIT_ARCH_; -1: not known */
	bool has_registers;
	uint64_t address, pc, sp, trap, error;
	uint64_t stack_low, stack_high; /* 0: not known */
	uint64_t map_start, map_end, map_offset;
	char map_path[CRASH_PAGE_PATH];
	int64_t file_size, fs_free; /* -1: not known */
	uint32_t depth;             /* frames that it saw, of which frames_n are kept */
	size_t frames_n, modules_n;
	struct crash_module modules[CRASH_PAGE_MODULES];
	struct crash_frame frames[CRASH_PAGE_FRAMES];
};

/*
 * signal: waitid's, 0 if it exited; a record of another one is not taken. asked: take
 * the answer to the time limit's question instead, if there is no record of the signal.
 */
void crash_record_read(const struct crash_page *page, int signal, bool asked,
    struct crash_record *ret_record);

#endif
