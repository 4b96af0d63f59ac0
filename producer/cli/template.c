/*
 * template.c - the argument vector of one task of `map`. Pure.
 *
 * The vector and its strings share one block, sized exactly beforehand: first the
 * pointers, then the bytes.
 */
#include "template.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

/* How many times {} is in text. */
static size_t
holes(const char *text)
{
	size_t n = 0;

	for (text = strstr(text, "{}"); text; text = strstr(text + 2, "{}"))
		n++;
	return n;
}

int
template_check(const struct template *t, struct reapq_error *err)
{
	for (size_t i = 0; t->chunked && i < t->args_n; i++)
		if (holes(t->args[i]) > 0 && strcmp(t->args[i], "{}") != 0)
			return error_set(err, REAPQ_EINVAL,
			    "with --chunk, {} must be an argument of its own, not part "
			    "of "
			    "\"%.100s\"",
			    t->args[i]);
	return 0;
}

struct block {
	const char **argv;
	char *bytes;
};

static void
add_bytes(struct block *b, const char *data, size_t len)
{
	memcpy(b->bytes, data, len);
	b->bytes += len;
}

/* Each line an argument. */
static void
add_lines(struct block *b, const char *text, size_t len)
{
	for (;;) {
		const char *end = memchr(text, '\n', len);
		size_t n = end ? (size_t)(end - text) : len;

		*b->argv++ = b->bytes;
		add_bytes(b, text, n);
		*b->bytes++ = '\0';
		if (!end)
			return;
		text += n + 1;
		len -= n + 1;
	}
}

static void
add_filled(struct block *b, const char *arg, const char *text, size_t len)
{
	const char *hole;

	*b->argv++ = b->bytes;
	while ((hole = strstr(arg, "{}"))) {
		add_bytes(b, arg, (size_t)(hole - arg));
		add_bytes(b, text, len);
		arg = hole + 2;
	}
	add_bytes(b, arg, strlen(arg) + 1);
}

int
template_expand(const struct template *t, const char *text, size_t len,
    const char ***ret_argv, struct reapq_error *err)
{
	size_t n_holes = 0, bytes = len + 1, n_lines = 1;
	struct block b;
	const char **argv;

	if (!text)
		text = "";
	if (memchr(text, '\0', len))
		return error_set(err, REAPQ_EINVAL,
		    "a line of the input has a NUL byte, which no argument can hold");
	for (size_t i = 0; t->chunked && i < len; i++)
		n_lines += text[i] == '\n';
	for (size_t i = 0; i < t->args_n; i++) {
		size_t n = holes(t->args[i]);

		n_holes += n;
		bytes += strlen(t->args[i]) + 1 + n * (len + 1);
	}
	argv = malloc((t->args_n + (n_holes + 1) * n_lines + 1) * sizeof *argv + bytes);
	if (!argv)
		return error_set(err, REAPQ_ENOMEM, "no memory for a command");
	b.argv = argv;
	b.bytes = (char *)(argv + t->args_n + (n_holes + 1) * n_lines + 1);
	for (size_t i = 0; i < t->args_n; i++) {
		if (t->chunked && strcmp(t->args[i], "{}") == 0)
			add_lines(&b, text, len);
		else
			add_filled(&b, t->args[i], text, len);
	}
	if (n_holes == 0)
		add_lines(&b, text, len);
	*b.argv = NULL;
	*ret_argv = argv;
	return 0;
}
