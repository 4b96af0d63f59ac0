/*
 * main.c - the ways to die as a command: deaths [@MARK] NAME ARG...
 *
 * What an exec task runs: no module, no runner, no crash record.
 */
#include "deaths.h"

#include <stdio.h>

int
main(int argc, char **argv)
{
	int rc = argc > 1 ? deaths_run(argv + 1) : -1;

	if (rc >= 0)
		return rc;
	(void)fprintf(stderr, "deaths: no such way to die\n");
	return 95;
}
