/*
 * signature.h - what makes two deaths the same one: handler, verdict, signal, top frames.
 *
 * As text: HANDLER TAB VERDICT TAB SIGNAL, then TAB FRAME for each frame; a frame is
 * MODULE!FUNCTION, or MODULE+0xOFFSET where the function is not known. Bytes below 0x20
 * are '?'. It is made by the worker, or in short by a script (_perish.lua), and read by
 * whoever groups deaths, without their reports. Pure.
 */
#ifndef CORE_SIGNATURE_H
#define CORE_SIGNATURE_H

#include <reapq/report.h>
#include <stdbool.h>
#include <stddef.h>

#define SIGNATURE_FRAMES 3
#define SIGNATURE_FRAME_MAX 160 /* with the NUL */
#define SIGNATURE_WORD_MAX 32   /* verdict, signal: with the NUL */
/* All of it, with the NUL. */
#define SIGNATURE_MAX                                     \
	(REAPQ_HANDLER_MAX + 1 + 2 * SIGNATURE_WORD_MAX + \
	    SIGNATURE_FRAMES * SIGNATURE_FRAME_MAX)

struct signature {
	char handler[REAPQ_HANDLER_MAX + 1];
	char verdict[SIGNATURE_WORD_MAX];
	char signal[SIGNATURE_WORD_MAX]; /* "": none */
	char frames[SIGNATURE_FRAMES][SIGNATURE_FRAME_MAX];
	size_t frames_n;
};

/* Is an end like this one kept on the dead list? Not if it returned or was cancelled. */
bool signature_wanted(const struct reapq_report *report);

/* The innermost frames, up to the runner's; but for those of the C library before the
 * first that is not. */
void signature_make(const struct reapq_report *report, char ret_text[SIGNATURE_MAX]);

/* From any bytes: what is missing is "", what is too long is cut, what is too much is
 * passed over. */
void signature_parse(const void *data, size_t len, struct signature *ret_signature);

#endif
