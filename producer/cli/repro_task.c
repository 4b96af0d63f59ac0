/*
 * repro_task.c - reads a task's message, and its report if there is one.
 *
 * Never writes to Redis. The message may come from anybody, and is taken as a worker takes it.
 */
#include "repro_task.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "connect.h"
#include "error.h"
#include "exits.h"
#include "say.h"

enum {
	FILE_MAX = 1 << 30,
	FILE_STEP = 65536
};

static const char keep_it[] =
    "a message is kept while its task is live, and for tasks that failed on the dead "
    "list, within dead_max, dead_ms and dead_bytes of the queue's settings "
    "(docs/operations.md)";

static int
say_no_message(struct reapq_client *client, const struct ref *ref, int code,
    const struct reapq_error *why)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_task_info info;

	if (code == REAPQ_ETOOBIG)
		say_line("the message of task %s was too large to be kept when it "
			 "died. Raise dead_bytes, of which a task may have a quarter "
			 "(HSET reapq:{%s}:cfg dead_bytes N), or give the message with "
			 "--message-file",
		    ref->id, ref->queue);
	else if (code != REAPQ_ENOENT)
		say_error(why);
	else if (reapq_task_look(client, ref->queue, ref->id, &info, &err) == 0)
		say_line(
		    "task %s has ended and its message is gone: %s", ref->id, keep_it);
	else
		say_line("there is no task %s in queue %s: %s", ref->id, ref->queue,
		    keep_it);
	return code == REAPQ_EINVAL ? EXITS_USAGE : EXITS_REAPQ;
}

static int
fetch(struct reapq_client *client, struct repro_task *t)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_task_message m;
	int rc = reapq_task_message(client, t->ref.queue, t->ref.id, &m, &err);

	if (rc < 0)
		return say_no_message(client, &t->ref, rc, &err);
	rc = buf_add(&t->message, m.data, m.data_len);
	reapq_task_message_free(&m);
	if (rc == 0)
		return 0;
	say_line("no memory for the message");
	return EXITS_REAPQ;
}

static int
read_file(const char *path, struct buf *out, struct reapq_error *err)
{
	FILE *file = fopen(path, "re");
	int rc = 0;

	if (!file)
		return error_sys(err, errno, "cannot open %s", path);
	while (rc == 0 && !feof(file)) {
		if (buf_reserve(out, FILE_STEP) < 0)
			rc = error_set(err, REAPQ_ENOMEM, "no memory for %s", path);
		else
			out->len += fread(out->data + out->len, 1, FILE_STEP, file);
		if (rc == 0 && ferror(file))
			rc = error_sys(err, errno, "cannot read %s", path);
		else if (rc == 0 && out->len > FILE_MAX)
			rc = error_set(err, REAPQ_ETOOBIG, "%s is too large", path);
	}
	(void)fclose(file);
	return rc;
}

/* Decodes the message, and looks whether it is that of the task that was named. */
static int
decode(struct repro_task *t)
{
	struct reapq_error err = REAPQ_ERROR_INIT;

	if (wire_task_decode(t->message.data, t->message.len, &t->box, &t->task, &err) <
	    0) {
		say_line("the message cannot be read: %s", err.msg);
		return EXITS_REAPQ;
	}
	if (!*t->ref.id) {
		(void)snprintf(t->ref.id, sizeof t->ref.id, "%s", t->task.id);
	} else if (strcmp(t->ref.id, t->task.id) != 0) {
		say_line("the message is that of task %s", t->task.id);
		return EXITS_REAPQ;
	}
	return 0;
}

/*
 * From the dead list, where the reports of all deaths are: to wait for a result, which a
 * future does, would announce this client there. That there is none is no failure: there
 * is nothing to compare with then.
 */
static int
find_record(struct reapq_client *client, struct repro_task *t)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int rc = reapq_dead_look(client, t->ref.queue, t->ref.id, &t->dead, &err);

	if (rc == 0)
		t->record = reapq_dead_report(t->dead);
	if (rc == 0 || rc == REAPQ_ENOENT)
		return 0;
	say_error(&err);
	return exits_of_error(rc);
}

bool
repro_task_is_command(const struct repro_task *t)
{
	return t->task.argv != NULL;
}

bool
repro_task_limits_known(const struct repro_task *t)
{
	return t->record && t->record->limits.result > 0;
}

int
repro_task_load(const struct options *opts, const char *name, struct repro_task *t)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_client *client = NULL;
	int rc = 0;

	(void)snprintf(t->ref.queue, sizeof t->ref.queue, "%s", opts->queue);
	if (name && ref_parse(name, opts->queue, &t->ref, &err) < 0)
		return cmd_misused(&cmd_repro, "%s", err.msg);
	if (opts->message_file &&
	    read_file(opts->message_file, &t->message, &err) < 0) {
		say_error(&err);
		return EXITS_REAPQ;
	}
	if (name)
		rc = connect_open(opts, &client);
	if (rc == 0 && !opts->message_file)
		rc = fetch(client, t);
	if (rc == 0 && name)
		rc = find_record(client, t);
	if (rc == 0)
		rc = decode(t);
	t->limits = repro_task_limits_known(t) ? t->record->limits : t->task.limits;
	/* The record lives on without it. */
	reapq_client_free(client);
	return rc;
}

void
repro_task_free(struct repro_task *t)
{
	reapq_dead_free(t->dead);
	t->dead = NULL;
	wire_box_free(&t->box);
	buf_free(&t->message);
	t->record = NULL;
}
