/*
 * chaos_command.c - what chaos_module.c does, as a command for exec tasks: its words are
 * the payload's. Prints what the handler would have returned.
 */
#include "mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
	const char *id = getenv("REAPQ_TASK_ID");
	const char *number = getenv("REAPQ_ATTEMPT");
	int attempt = number ? (int)strtol(number, NULL, 10) : 0;
	struct mark_task task;

	if (argc != 2 || !id || mark_parse(&task, argv[1], strlen(argv[1])) != 0 ||
	    mark_start(&task, id, attempt) != 0) {
		fprintf(stderr, "cannot leave a mark\n");
		return 99;
	}
	int rc = mark_act(&task, attempt);

	if (rc == 0)
		printf("%s %s 0", task.words[0], task.nonce);
	mark_end(&task, id, attempt);
	return rc;
}
