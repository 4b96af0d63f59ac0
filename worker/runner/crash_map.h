/* crash_map.h - what an address lies in: the mapping, its file, and the room there. */
#ifndef RUNNER_CRASH_MAP_H
#define RUNNER_CRASH_MAP_H

#include "crash_page.h"

/* Fills rec's map_ fields, file_size and fs_free. For signal handlers: system calls
 * and its own stack only. */
void crash_map(struct crash_page_record *rec, uint64_t address);

#endif
