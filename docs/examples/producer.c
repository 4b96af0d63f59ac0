/*
 * producer.c - runs a command on some worker and says how it ended.
 *
 *	cc producer.c $(pkg-config --cflags --libs reapq) -o producer
 *	./producer sh -c 'kill -SEGV $$'
 */
#include <reapq/producer.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	struct reapq_client_options opts = REAPQ_CLIENT_OPTIONS_INIT;
	struct reapq_task task = REAPQ_TASK_INIT;
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client = NULL;
	struct reapq_future *future = NULL;
	(void)argc;

	opts.url = getenv("REAPQ_REDIS");
	task.handler = REAPQ_HANDLER_EXEC;
	task.argv = (const char *const *)(argv + 1);
	if (reapq_client_new(&client, &opts, &err) == 0 &&
	    reapq_submit(client, &task, &future, &err) == 0 &&
	    reapq_future_wait(future, -1, &err) == 0) {
		const struct reapq_report *report = reapq_future_report(future);
		printf("%s: %s\n", report->verdict_name, report->message);
		fwrite(report->out, 1, report->out_len, stdout);
	} else {
		fprintf(stderr, "%s\n", err.msg);
	}
	reapq_future_free(future);
	reapq_client_free(client);
	return err.code != 0;
}
