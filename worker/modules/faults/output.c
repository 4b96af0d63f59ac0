/*
 * output.c - owns the handlers that send much, half, or rubbish.
 *
 * A patterned result is the bytes 0..250 over and over (251 is prime, so no power
 * of two hides a shift): a reader can tell every byte by its place.
 */
#include "faults.h"

#include "payload.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (1LL << 20)
#define PATTERN 251

static int
write_pattern(struct reapq_call *call, long long total)
{
	static char data[PATTERN * 256];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(unsigned char)(i % PATTERN);
	while (total > 0) {
		size_t n =
		    total < (long long)sizeof(data) ? (size_t)total : sizeof(data);
		int err = reapq_call_write(call, data, n);
		if (err != 0)
			return err;
		total -= (long long)n;
	}
	return 0;
}

enum reapq_answer
output_big(struct reapq_call *call)
{
	long long mib = payload_number(call, 0, 1);

	return write_pattern(call, mib * MIB) == 0 ? REAPQ_DONE : REAPQ_FAIL;
}

enum reapq_answer
output_cut(struct reapq_call *call)
{
	long long percent = payload_number(call, 0, 50);
	long long mib = payload_number(call, 1, 64);

	(void)write_pattern(call, mib * MIB / 100 * percent);
	(void)kill(getpid(), SIGKILL);
	return REAPQ_FAIL;
}

static int
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

enum reapq_answer
output_stderr(struct reapq_call *call)
{
	long long left = payload_number(call, 0, 1024);
	char data[4096];

	memset(data, 'e', sizeof(data));
	while (left > 0) {
		size_t n = left < (long long)sizeof(data) ? (size_t)left : sizeof(data);
		if (write_all(STDERR_FILENO, data, n) != 0)
			break;
		left -= (long long)n;
	}
	abort();
}

enum reapq_answer
output_print(struct reapq_call *call)
{
	size_t len;
	const void *data = reapq_call_payload(call, &len);

	if (write_all(STDOUT_FILENO, data, len) != 0 ||
	    write_all(STDERR_FILENO, data, len) != 0) {
		reapq_call_error(call, "can't write: %s", strerror(errno));
		return REAPQ_FAIL;
	}
	return REAPQ_DONE;
}

/* The child's channel is the only socket it has; -1: none. */
static int
find_channel(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int found = -1;

	while (dir != NULL && found < 0 && (entry = readdir(dir)) != NULL) {
		struct stat st;
		int fd = (int)strtol(entry->d_name, NULL, 10);
		if (entry->d_name[0] != '.' && fstat(fd, &st) == 0 &&
		    S_ISSOCK(st.st_mode))
			found = fd;
	}
	if (dir != NULL)
		(void)closedir(dir);
	return found;
}

enum reapq_answer
output_badframe(struct reapq_call *call)
{
	static const char garbage[] = "this is no frame of any version at all, is it?";
	int fd = find_channel();

	if (fd < 0 || write_all(fd, garbage, sizeof(garbage)) != 0) {
		reapq_call_error(call, "found no channel to write to");
		return REAPQ_FAIL;
	}
	/* It is the worker's turn: nothing more comes from here. */
	for (;;)
		(void)pause();
}

enum reapq_answer
output_logs(struct reapq_call *call)
{
	long long lines = payload_number(call, 0, 1000);

	for (long long i = 0; i < lines; i++)
		reapq_call_log(call, "line %lld", i);
	return REAPQ_DONE;
}
