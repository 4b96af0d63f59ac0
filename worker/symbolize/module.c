/*
 * module.c - owns the cache of opened modules; the only user of elfutils libdw.
 *
 * A file that is not the one that was loaded (another build-id) names nothing: wrong
 * lines are worse than none. Only regular files are opened, and never through a network:
 * separate debug files are looked for on this machine only.
 */
#include "module.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CACHE_N 16

struct entry {
	struct ask_module key;
	struct timespec changed; /* of the file: a new build is another file */
	ino_t inode;
	uint64_t used;
	Dwfl *dwfl; /* NULL: it cannot be read */
	Dwfl_Module *module;
	GElf_Addr bias;
};

static struct entry cache[CACHE_N];
static uint64_t clock_hand;

static char *debug_path; /* NULL: elfutils' own places */

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &debug_path,
};

static int
same_build(Dwfl_Module *module, const char *want)
{
	const unsigned char *bits = NULL;
	char hex[2 * CRASH_PAGE_BUILD_ID + 1];
	GElf_Addr at;
	int n;

	if (want[0] == '\0')
		return 1;
	n = dwfl_module_build_id(module, &bits, &at);
	if (n <= 0 || n > CRASH_PAGE_BUILD_ID)
		return 0;
	for (int i = 0; i < n; i++)
		snprintf(hex + (size_t)2 * (size_t)i, 3, "%02x", bits[i]);
	return strcmp(hex, want) == 0;
}

static void
close_entry(struct entry *e)
{
	if (e->dwfl != NULL)
		dwfl_end(e->dwfl);
	memset(e, 0, sizeof(*e));
}

static void
open_entry(struct entry *e, int fd)
{
	e->dwfl = dwfl_begin(&callbacks);
	if (e->dwfl == NULL) {
		close(fd);
		return;
	}
	dwfl_report_begin(e->dwfl);
	/* Takes the descriptor over if it succeeds. */
	e->module = dwfl_report_offline(e->dwfl, e->key.path, e->key.path, fd);
	if (e->module == NULL)
		close(fd);
	(void)dwfl_report_end(e->dwfl, NULL, NULL);
	if (e->module == NULL || dwfl_module_getelf(e->module, &e->bias) == NULL ||
	    !same_build(e->module, e->key.build_id)) {
		dwfl_end(e->dwfl);
		e->dwfl = NULL;
		e->module = NULL;
	}
}

static struct entry *
find(const struct ask_module *m, const struct stat *st)
{
	struct entry *oldest = &cache[0];

	for (size_t i = 0; i < CACHE_N; i++) {
		struct entry *e = &cache[i];

		if (e->used != 0 && e->inode == st->st_ino &&
		    e->changed.tv_sec == st->st_ctim.tv_sec &&
		    e->changed.tv_nsec == st->st_ctim.tv_nsec &&
		    memcmp(&e->key, m, sizeof(*m)) == 0)
			return e;
		if (e->used < oldest->used)
			oldest = e;
	}
	close_entry(oldest);
	oldest->key = *m;
	oldest->changed = st->st_ctim;
	oldest->inode = st->st_ino;
	return oldest;
}

static struct entry *
look_up(const struct ask_module *m)
{
	struct entry *e;
	struct stat st;
	int fd;

	if (m->path[0] != '/')
		return NULL;
	fd = open(m->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return NULL;
	}
	e = find(m, &st);
	if (e->used == 0)
		open_entry(e, fd);
	else
		close(fd);
	e->used = ++clock_hand;
	return e->dwfl != NULL ? e : NULL;
}

/* The innermost function there, which may be one that was inlined. */
static const char *
function_at(Dwfl_Module *module, GElf_Addr at)
{
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = dwfl_module_addrdie(module, at, &bias);
	Dwarf_Die *scopes = NULL;
	const char *name = NULL;
	int n = unit != NULL ? dwarf_getscopes(unit, at - bias, &scopes) : 0;

	for (int i = 0; i < n && name == NULL; i++) {
		int tag = dwarf_tag(&scopes[i]);

		if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
			name = dwarf_diename(&scopes[i]);
	}
	free(scopes);
	return name != NULL ? name : dwfl_module_addrname(module, at);
}

void
module_name(const struct ask_module *m, uint64_t offset, struct ask_name *name)
{
	struct entry *e = look_up(m);
	const char *text;
	Dwfl_Line *line;
	int number = 0;

	if (e == NULL)
		return;
	text = function_at(e->module, offset + e->bias);
	if (text != NULL)
		snprintf(name->function, sizeof(name->function), "%s", text);
	line = dwfl_module_getsrc(e->module, offset + e->bias);
	text =
	    line != NULL ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (text != NULL && number > 0) {
		snprintf(name->file, sizeof(name->file), "%s", text);
		name->line = number;
	}
}

void
module_forget(void)
{
	for (size_t i = 0; i < CACHE_N; i++)
		close_entry(&cache[i]);
}
