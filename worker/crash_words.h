/* crash_words.h - a crash record in words. Pure. */
#ifndef WORKER_CRASH_WORDS_H
#define WORKER_CRASH_WORDS_H

#include "crash_record.h"

#define CRASH_WORDS_MAX 512

/* "SEGV_MAPERR", "SI_USER"; NULL for one that has no name here. */
const char *crash_words_code(int signal, int code);

/* Whether si_addr means something for this record: a fault of its own, and the
 * processor said where. */
bool crash_words_has_address(const struct crash_record *r);

/* Another process sent it. */
bool crash_words_sent(const struct crash_record *r);

/* Why the signal came: "null pointer: read of address 0x10". err: the end of what it
 * wrote on stderr, where an assertion may stand. "": nothing more than the signal. */
void crash_words_cause(const struct crash_record *r, const char *err, size_t err_len,
    char *buf, size_t cap);

/* The topmost frame that is not the C library's: "parse_row (rows.c:81)", or
 * "rows.so+0x1a2b". "": no frame. */
void crash_words_place(const struct crash_record *r, char *buf, size_t cap);

/* For the evidence. */
void crash_words_signal(const struct crash_record *r, char *buf, size_t cap);
void crash_words_registers(const struct crash_record *r, char *buf, size_t cap);
void crash_words_frames(const struct crash_record *r, char *buf, size_t cap);

#endif
