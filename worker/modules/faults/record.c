/*
 * record.c - owns the handlers that try what is left of a crash: its record.
 *
 * Some leave words behind; forge and smash do what a broken or hostile module could do
 * to the record itself, which must cost nothing but its own report.
 */
#include "faults.h"

#include "../../runner/crash_page.h"
#include "payload.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int rows_left = 3;
static void (*volatile release)(void *) = free;

static FAULTS_RAW void
check_rows(void)
{
	assert(rows_left == 0);
}

enum reapq_answer
record_assert(struct reapq_call *call)
{
	(void)call;
	check_rows();
	/* With NDEBUG there is no assertion to fail. */
	abort();
}

static FAULTS_RAW void
free_twice(void)
{
	void *volatile one = malloc(24);

	release(one);
	release(one);
}

enum reapq_answer
record_heap(struct reapq_call *call)
{
	(void)call;
	free_twice();
	abort();
}

static enum reapq_answer
end_by(struct reapq_call *call, int fallback)
{
	int number = (int)payload_number(call, 0, fallback);

	if (number == 0)
		return REAPQ_DONE;
	(void)kill(getpid(), number);
	reapq_call_error(call, "signal %d did not kill", number);
	return REAPQ_FAIL;
}

enum reapq_answer
record_note(struct reapq_call *call)
{
	for (int row = 81000; row <= 81234; row++)
		reapq_call_note(call, "parsing row %d", row);
	return end_by(call, SIGKILL);
}

/* The page is what the kernel calls by the name that the worker gave it. */
static struct crash_page *
find_page(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	struct crash_page *page = NULL;
	char line[512];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, "/memfd:crash") != NULL) {
			uintptr_t at = (uintptr_t)strtoull(line, NULL, 16);

			page = (struct crash_page *)at;
		}
	if (f != NULL)
		(void)fclose(f);
	return page;
}

enum reapq_answer
record_forge(struct reapq_call *call)
{
	struct crash_page *page = find_page();

	if (page == NULL) {
		reapq_call_error(call, "there is no page to scribble on");
		return REAPQ_FAIL;
	}
	/* Every number and every text as bad as can be, under a plausible head. */
	memset(page, 0xff, sizeof(*page));
	page->magic = CRASH_PAGE_MAGIC;
	page->crash.signal = SIGSEGV;
	page->crash.state = CRASH_PAGE_WHOLE;
	(void)signal(SIGSEGV, SIG_DFL);
	return end_by(call, SIGSEGV);
}

/* What a stack buffer that runs over does: the return addresses are gone. */
static FAULTS_RAW void
smash_stack(void)
{
	volatile uintptr_t here = 0;
	volatile uintptr_t *p = &here;

	for (int i = 0; i < 200; i++)
		p[i] = (uintptr_t)0x4141414141414141;
	abort();
}

enum reapq_answer
record_smash(struct reapq_call *call)
{
	(void)call;
	smash_stack();
	return REAPQ_DONE;
}
