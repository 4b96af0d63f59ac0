/* version.c - the shared library's own source: what `strings` shows of its version. */
#include "version.h"

const char version_text[] = "@(#) libreapq " REAPQ_VERSION;
