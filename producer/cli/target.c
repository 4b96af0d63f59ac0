/*
 * target.c - turns arguments into the part of a task that says what to run.
 *
 * Standard input is read only where the user asked for it: a command that silently
 * swallowed the terminal, or the rest of a shell loop's input, would surprise. A
 * payload is read no further than just over its limit.
 */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "units.h"

enum {
	READ_SIZE = 65536
};

static int
read_all(
    int fd, const char *name, int64_t max, struct buf *out, struct reapq_error *err)
{
	char size[32];

	for (;;) {
		ssize_t n;

		if (buf_reserve(out, READ_SIZE) < 0)
			return error_set(
			    err, REAPQ_ENOMEM, "no memory for the payload");
		n = read(fd, out->data + out->len, READ_SIZE);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "cannot read %s", name);
		out->len += (size_t)n;
		if ((int64_t)out->len > max)
			return error_set(err, REAPQ_ETOOBIG,
			    "the payload from %s is larger than %s; nothing was "
			    "submitted. Raise --payload-limit, or pass a file's name "
			    "instead",
			    name, units_format_size(max, size, sizeof size));
	}
}

/* path: NULL for no payload, "-" for standard input. */
static int
read_payload(const struct options *opts, const char *path, struct reapq_task *task,
    struct buf *payload, struct reapq_error *err)
{
	int64_t max = opts->payload_max ? opts->payload_max : REAPQ_PAYLOAD_MAX;
	int fd, rc;

	if (!path)
		return 0;
	if (strcmp(path, "-") == 0) {
		rc = read_all(STDIN_FILENO, "standard input", max, payload, err);
	} else {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return error_sys(err, errno, "cannot open %s", path);
		rc = read_all(fd, path, max, payload, err);
		(void)close(fd);
	}
	task->payload = payload->data;
	task->payload_len = payload->len;
	return rc;
}

int
target_command(const struct options *opts, struct reapq_task *task, struct buf *payload,
    struct reapq_error *err)
{
	if (opts->args_n == 0 || !*opts->args[0])
		return error_set(err, REAPQ_EINVAL, "no command to run");
	if (opts->use_stdin && opts->payload_file)
		return error_set(err, REAPQ_EINVAL,
		    "--stdin and --payload-file both say what the command reads");
	task->handler = REAPQ_HANDLER_EXEC;
	task->argv = opts->args;
	return read_payload(
	    opts, opts->use_stdin ? "-" : opts->payload_file, task, payload, err);
}

int
target_name(const struct options *opts, const char *name, struct reapq_error *err)
{
	if (!*name || strlen(name) > REAPQ_HANDLER_MAX)
		return error_set(err, REAPQ_EINVAL,
		    "\"%.100s\" is no handler: a name has 1 to %d bytes", name,
		    REAPQ_HANDLER_MAX);
	if (strcmp(name, REAPQ_HANDLER_EXEC) == 0)
		return error_set(
		    err, REAPQ_EINVAL, "\"exec\" needs a command: write it after --");
	if (opts->env_n > 0 || opts->task.cwd)
		return error_set(err, REAPQ_EINVAL,
		    "--env and --cwd are for commands; a handler runs inside its "
		    "worker's "
		    "environment");
	return 0;
}

int
target_handler(const struct options *opts, struct reapq_task *task, struct buf *payload,
    struct reapq_error *err)
{
	const char *text = opts->args_n > 1 ? opts->args[1] : NULL;
	int rc;

	if (opts->args_n == 0)
		return error_set(err, REAPQ_EINVAL, "no handler to call");
	if (opts->args_n > 2)
		return error_set(err, REAPQ_EINVAL,
		    "\"%.100s\" is one argument too many: a handler takes one payload; "
		    "quote it",
		    opts->args[2]);
	rc = target_name(opts, opts->args[0], err);
	if (rc < 0)
		return rc;
	task->handler = opts->args[0];
	if (text && (opts->payload_file || opts->use_stdin))
		return error_set(err, REAPQ_EINVAL,
		    "the payload is given twice: \"%.100s\" and a file", text);
	if (opts->use_stdin)
		text = "-";
	if (!text || strcmp(text, "-") == 0)
		return read_payload(
		    opts, text ? text : opts->payload_file, task, payload, err);
	task->payload = text;
	task->payload_len = strlen(text);
	return 0;
}
