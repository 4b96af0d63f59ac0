/*
 * version.c - the shared library's one source of its own.
 *
 * Its code is reapq_client's objects, which the reapq command links too; this is what
 * what(1) and strings(1) find of its version. It is not exported.
 */
#include "version.h"

const char version_text[] = "@(#) libreapq " REAPQ_VERSION;
