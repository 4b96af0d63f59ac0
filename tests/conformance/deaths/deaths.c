/*
 * deaths.c - finds a way to die by its name, and what several ways need.
 *
 * The mark is mapped as well as open, because a daemon closes all its descriptors; and
 * it is in the command line, because a mapping does not outlive an exec.
 */
#include "deaths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void
wear_mark(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
		_exit(98);
}

static const struct death *
find(const char *name)
{
	const struct death *const tables[] = {
	    deaths_memory, deaths_processes, deaths_signals};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct death *d = tables[i]; d->name != NULL; d++)
			if (strcmp(d->name, name) == 0)
				return d;
	return NULL;
}

int
deaths_run(char **argv)
{
	const struct death *d;

	if (argv[0] != NULL && argv[0][0] == '@')
		wear_mark(*argv++ + 1);
	d = argv[0] != NULL ? find(argv[0]) : NULL;
	return d == NULL ? -1 : d->die(argv + 1);
}

long
deaths_number(const char *text, long fallback)
{
	return text != NULL ? strtol(text, NULL, 10) : fallback;
}

int
deaths_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		_exit(99);
	return pid;
}

void
deaths_wait_all(void)
{
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

void
deaths_tell_pid(const char *fifo)
{
	int fd = open(fifo, O_WRONLY | O_CLOEXEC);
	char text[32];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (fd < 0 || write(fd, text, (size_t)len) != len)
		_exit(97);
	(void)close(fd);
}

_Noreturn void
deaths_pause(void)
{
	for (;;)
		(void)pause();
}
