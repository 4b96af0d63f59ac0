/* module.h - one file's functions and lines, by offset; kept open, a few at a time. */
#ifndef SYMBOLIZE_MODULE_H
#define SYMBOLIZE_MODULE_H

#include "ask.h"

/* Fills what is known of the offset; leaves name as it is where nothing is. */
void module_name(const struct ask_module *m, uint64_t offset, struct ask_name *name);

/* Closes all. */
void module_forget(void);

#endif
