/*
 * replay.c - runs a fuzz target once on each file named, and on each file of each
 * directory named: for compilers without libFuzzer, and to look at one crash.
 *
 * Fails if there was no file at all, because a smoke test of nothing is none.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static size_t replayed;

static int
replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size > 0 ? size : 1);
	FILE *f = fopen(path, "re");
	int r = -1;

	if (data && f && fread(data, 1, size, f) == size) {
		(void)LLVMFuzzerTestOneInput(data, size);
		replayed++;
		r = 0;
	} else {
		perror(path);
	}
	if (f)
		fclose(f);
	free(data);
	return r;
}

/* Directories in directories are passed over. */
static int
replay_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		perror(path);
		return -1;
	}
	while (r == 0 && (entry = readdir(dir))) {
		char file[4096];
		struct stat st;

		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (stat(file, &st) == 0 && S_ISREG(st.st_mode))
			r = replay_file(file, (size_t)st.st_size);
	}
	closedir(dir);
	return r;
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) < 0) {
			perror(argv[i]);
			return 1;
		}
		if (S_ISDIR(st.st_mode) ? replay_dir(argv[i]) < 0
					: replay_file(argv[i], (size_t)st.st_size) < 0)
			return 1;
	}
	printf("%zu inputs\n", replayed);
	return replayed > 0 ? 0 : 1;
}
