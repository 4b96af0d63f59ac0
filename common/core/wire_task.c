/*
 * wire_task.c - a task as it travels.
 *
 * The same check guards both ends: what a producer of this library can send, a
 * worker takes, and what a worker takes is fit to run. The payload is opaque.
 */
#include "wire_map.h"

#include "error.h"
#include "id.h"

#include <string.h>

#define FIELD(member) offsetof(struct wire_task, member)

/* Offsets from the task: these fields stand in it directly. */
static const struct wire_field exec_fields[] = {
    {"a", "argv", WIRE_ARGUMENTS, FIELD(argv), 0, NULL, 0, 0},
    {"e", "env", WIRE_ARGUMENTS, FIELD(env), 0, NULL, 0, 0},
    {"d", "cwd", WIRE_ARGUMENT, FIELD(cwd), 0, NULL, 0, 0},
};

static const struct wire_map exec_map = {
    "exec", sizeof(struct wire_task), 0, WIRE_COUNT(exec_fields), exec_fields};

static const struct wire_field fields[] = {
    {"id", "id", WIRE_ARGUMENT, FIELD(id), 0, NULL, 0, 0},
    {"h", "handler", WIRE_ARGUMENT, FIELD(handler), 0, NULL, 0, 0},
    {"p", "payload", WIRE_BYTES, FIELD(payload), FIELD(payload_len), NULL, 0, 0},
    {"x", "exec", WIRE_STRUCT, 0, 0, &exec_map, 0, 0},
    {"l", "limits", WIRE_STRUCT, FIELD(limits), 0, &wire_limits_asked, 0, 0},
    {"g", "tag", WIRE_OPTIONAL, FIELD(tag), 0, NULL, 0, 0},
    {"t", "submitted_ms", WIRE_INT64, FIELD(submitted_ms), 0, NULL, 0, 0},
    {"ma", "max_attempts", WIRE_INT, FIELD(max_attempts), 0, NULL, 1, 1},
    {"rd", "retry_delay_ms", WIRE_INT64, FIELD(retry_delay_ms), 0, NULL, 0, 0},
    {"ro", "retry_on", WIRE_OPTIONAL, FIELD(retry_on), 0, NULL, 0, 0},
    {"of", "oom_factor", WIRE_INT, FIELD(oom_factor), 0, NULL, 0, 0},
    {"os", "oom_step", WIRE_INT64, FIELD(oom_step), 0, NULL, 0, 0},
    {"oq", "oom_queue", WIRE_OPTIONAL, FIELD(oom_queue), 0, NULL, 0, 0},
    {"or", "oom_raised", WIRE_INT, FIELD(oom_raised), 0, NULL, 0, 0},
};

static const struct wire_map map = {
    "task", sizeof(struct wire_task), 0, WIRE_COUNT(fields), fields};

static int
check_exec(const struct wire_task *task, struct reapq_error *err)
{
	if (!task->argv || !task->argv[0])
		return error_set(err, REAPQ_EINVAL,
		    "task: handler \"exec\" needs a command: \"a\" (argv) in \"x\" "
		    "(exec) "
		    "is %s",
		    task->argv ? "empty" : "missing");
	for (size_t i = 0; task->env && task->env[i]; i++) {
		const char *equals = strchr(task->env[i], '=');

		if (!equals || equals == task->env[i])
			return error_set(err, REAPQ_EINVAL,
			    "task: \"e\" (env) has \"%.100s\"; wanted NAME=value",
			    task->env[i]);
	}
	return 0;
}

static int
check(const struct wire_task *task, struct reapq_error *err)
{
	size_t len;

	if (!task->id || !id_valid(task->id))
		return error_set(err, REAPQ_EINVAL,
		    "task: \"id\" is %s%.80s; wanted 1 to %d characters of "
		    "[A-Za-z0-9_.-]",
		    task->id ? "" : "missing", task->id ? task->id : "", REAPQ_ID_MAX);
	if (!task->handler || !task->handler[0])
		return error_set(err, REAPQ_EINVAL, "task: \"h\" (handler) is %s",
		    task->handler ? "empty" : "missing");
	len = strlen(task->handler);
	if (len > REAPQ_HANDLER_MAX)
		return error_set(err, REAPQ_EINVAL,
		    "task: \"h\" (handler) has %zu bytes; at most %d are allowed", len,
		    REAPQ_HANDLER_MAX);
	if (task->tag && (len = strlen(task->tag)) > REAPQ_TAG_MAX)
		return error_set(err, REAPQ_EINVAL,
		    "task: \"g\" (tag) has %zu bytes; at most %d are allowed", len,
		    REAPQ_TAG_MAX);
	if (strcmp(task->handler, REAPQ_HANDLER_EXEC) == 0)
		return check_exec(task, err);
	if (task->argv || task->env || task->cwd)
		return error_set(err, REAPQ_EINVAL,
		    "task: \"x\" (exec) is for handler \"exec\" only, this one is "
		    "\"%.100s\"",
		    task->handler);
	return 0;
}

int
wire_task_encode(const struct wire_task *task, struct buf *out, struct reapq_error *err)
{
	int r = check(task, err);

	if (r < 0)
		return r;
	return wire_encode_map(&map, task, out, err);
}

int
wire_task_decode(const void *data, size_t len, struct wire_box *box,
    struct wire_task *ret_task, struct reapq_error *err)
{
	struct wire_task task;
	msgpack_zone *zone = wire_zone_new();
	int r;

	if (!zone)
		return error_set(
		    err, REAPQ_ENOMEM, "no memory to decode a task message");
	r = wire_decode_map(&map, data, len, NULL, zone, &task, err);
	if (r == 0)
		r = check(&task, err);
	if (r < 0) {
		msgpack_zone_free(zone);
		return r;
	}
	wire_box_fill(box, zone);
	*ret_task = task;
	return 0;
}
