/*
 * ask.h - what the worker and reapq-symbolize say to each other.
 *
 * One SOCK_SEQPACKET socketpair, one question or answer a packet, both ends of one
 * build. The helper reads files that strangers name, so the worker believes none of its
 * answers more than it must: text is bounded, a line is a number.
 */
#ifndef SYMBOLIZE_ASK_H
#define SYMBOLIZE_ASK_H

#include "crash_record.h"
#include <stdint.h>

#define ASK_FD 3 /* the helper's end */

struct ask_module {
	char path[CRASH_PAGE_PATH];
	char
	    build_id[2 * CRASH_PAGE_BUILD_ID + 1]; /* hex; "": take the file as it is */
};

struct ask_frame {
	int32_t module;
	uint64_t offset;
};

struct ask_question {
	uint32_t number; /* comes back with the answer */
	uint32_t modules_n, frames_n;
	struct ask_module modules[CRASH_PAGE_MODULES];
	struct ask_frame frames[CRASH_PAGE_FRAMES];
};

struct ask_name {
	char function[CRASH_RECORD_FUNCTION];
	char file[CRASH_RECORD_FILE];
	int32_t line;
};

struct ask_answer {
	uint32_t number;
	struct ask_name names[CRASH_PAGE_FRAMES];
};

#endif
