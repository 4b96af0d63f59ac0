/*
 * crash_map.c - finds a mapping in /proc/self/maps, inside a signal handler.
 *
 * The file is asked about here and not by the worker: its path may lead to a file system
 * that hangs, and this process is lost anyway.
 */
#include "crash_map.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The hex number at *p, which is left behind it. */
static uint64_t
hex(const char **p)
{
	uint64_t n = 0;

	for (;; (*p)++) {
		char c = **p;

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint64_t)(c - 'a' + 10);
		else
			return n;
	}
}

static const char *
skip_words(const char *p, int words)
{
	while (words-- > 0) {
		while (*p != '\0' && *p != ' ')
			p++;
		while (*p == ' ')
			p++;
	}
	return p;
}

/* "start-end perms offset device inode   path", proc(5). 1: it is the one. */
static int
take_line(struct crash_page_record *rec, uint64_t address, const char *line)
{
	const char *p = line;
	uint64_t start = hex(&p), end;

	p += *p == '-';
	end = hex(&p);
	if (address < start || address >= end)
		return 0;
	rec->map_start = start;
	rec->map_end = end;
	p = skip_words(line, 2);
	rec->map_offset = hex(&p);
	p = skip_words(line, 5);
	memset(rec->map_path, 0, CRASH_PAGE_PATH);
	memcpy(rec->map_path, p, strnlen(p, CRASH_PAGE_PATH - 1));
	return 1;
}

static void
ask_file(struct crash_page_record *rec)
{
	static const char gone[] = " (deleted)";
	struct stat st;
	struct statfs fs;
	size_t len = strlen(rec->map_path);

	if (rec->map_path[0] != '/')
		return;
	/* The name is gone; where it was is still there, mostly. */
	if (len > sizeof(gone) - 1 &&
	    strcmp(rec->map_path + len - (sizeof(gone) - 1), gone) == 0) {
		if (strncmp(rec->map_path, "/dev/shm/", 9) == 0 &&
		    statfs("/dev/shm", &fs) == 0)
			rec->fs_free = (int64_t)fs.f_bavail * (int64_t)fs.f_bsize;
		return;
	}
	if (stat(rec->map_path, &st) == 0)
		rec->file_size = (int64_t)st.st_size;
	if (statfs(rec->map_path, &fs) == 0)
		rec->fs_free = (int64_t)fs.f_bavail * (int64_t)fs.f_bsize;
}

void
crash_map(struct crash_page_record *rec, uint64_t address)
{
	char text[1024];
	size_t held = 0;
	ssize_t n;
	int found = 0;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	while (!found && (n = read(fd, text + held, sizeof(text) - 1 - held)) > 0) {
		char *line = text, *end;

		held += (size_t)n;
		text[held] = '\0';
		for (; !found && (end = strchr(line, '\n')) != NULL; line = end + 1) {
			*end = '\0';
			found = take_line(rec, address, line);
		}
		held = (size_t)(text + held - line);
		/* A line longer than this has a path that we cut anyway. */
		if (held == sizeof(text) - 1)
			held = 0;
		else if (!found)
			memmove(text, line, held);
	}
	(void)close(fd);
	if (found)
		ask_file(rec);
}
