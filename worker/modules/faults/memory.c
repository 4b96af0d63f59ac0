/*
 * memory.c - owns the handlers that use memory that is not theirs, each in its own way.
 *
 * As in crash.c: through volatile values, in functions without sanitizers, so that the
 * processor is the one to object. Each fault is in a function of its own, that a
 * backtrace can name.
 */
#include "faults.h"

#include "payload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILL_BYTES ((size_t)1 << 20)

struct row {
	int number;
	int width;
};

static struct row *volatile no_row;
static void (*volatile no_function)(void);
/* Between the two halves of what an x86-64 or arm64 can address. */
static volatile uintptr_t wild = (uintptr_t)0x1234567890abcdef;
static const int constant = 7;
static volatile uintptr_t constant_at = (uintptr_t)&constant;
static volatile int sink, forever = 1;

static FAULTS_RAW void
read_field(void)
{
	sink = no_row->width;
}

enum reapq_answer
memory_nullread(struct reapq_call *call)
{
	(void)call;
	read_field();
	return REAPQ_DONE;
}

static FAULTS_RAW void
call_null(void)
{
	no_function();
	sink = 1;
}

enum reapq_answer
memory_nullcall(struct reapq_call *call)
{
	(void)call;
	call_null();
	return REAPQ_DONE;
}

static FAULTS_RAW void
read_wild(void)
{
	sink = *(volatile int *)wild;
}

enum reapq_answer
memory_wildread(struct reapq_call *call)
{
	(void)call;
	read_wild();
	return REAPQ_DONE;
}

static FAULTS_RAW void
write_constant(void)
{
	*(volatile int *)constant_at = 1;
}

enum reapq_answer
memory_readonly(struct reapq_call *call)
{
	(void)call;
	write_constant();
	return REAPQ_DONE;
}

static FAULTS_RAW int
recurse_in_thread(int depth)
{
	volatile char frame[4096] = {0};

	frame[0] = (char)depth;
	if (forever)
		frame[1] = (char)recurse_in_thread(depth + 1);
	return frame[0] + frame[1];
}

static void *
overflow(void *arg)
{
	(void)arg;
	sink = recurse_in_thread(0);
	return NULL;
}

enum reapq_answer
memory_threadstack(struct reapq_call *call)
{
	pthread_t thread;
	int sys = pthread_create(&thread, NULL, overflow, NULL);

	if (sys != 0) {
		reapq_call_error(call, "can't start a thread: %s", strerror(sys));
		return REAPQ_FAIL;
	}
	(void)pthread_join(thread, NULL);
	return REAPQ_DONE;
}

static FAULTS_RAW void
read_mapped(volatile const char *data)
{
	sink = (unsigned char)data[FILL_BYTES / 2];
}

static FAULTS_RAW void
fill_mapped(volatile char *data)
{
	for (size_t i = 0; i < FILL_BYTES; i += 512)
		data[i] = 1;
}

/* The file that the payload names, made file_len long; FILL_BYTES of it are mapped. */
static void *
map_payload(struct reapq_call *call, size_t file_len)
{
	void *data = MAP_FAILED;
	char *path = payload_text(call);
	int fd;

	if (path == NULL)
		return MAP_FAILED;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && ftruncate(fd, (off_t)file_len) == 0)
		data =
		    mmap(NULL, FILL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		reapq_call_error(call, "can't map %s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	free(path);
	return data;
}

enum reapq_answer
memory_truncated(struct reapq_call *call)
{
	void *data = map_payload(call, 100);

	if (data == MAP_FAILED)
		return REAPQ_FAIL;
	read_mapped(data);
	return REAPQ_DONE;
}

enum reapq_answer
memory_fill(struct reapq_call *call)
{
	void *data = map_payload(call, FILL_BYTES);

	if (data == MAP_FAILED)
		return REAPQ_FAIL;
	fill_mapped(data);
	return REAPQ_DONE;
}
