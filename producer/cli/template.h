/* template.h - a command with {} in it, and lines of input put there. */
#ifndef CLI_TEMPLATE_H
#define CLI_TEMPLATE_H

#include <reapq/error.h>
#include <stdbool.h>
#include <stddef.h>

struct template
{
	const char *const *args;
	size_t args_n;
	bool chunked; /* several lines: {} only as an argument of its own */
};

/* EINVAL: {} inside an argument while there may be several lines. */
int template_check(const struct template *t, struct reapq_error *err);

/*
 * The command for one task, NULL-terminated, in one block: free() it. text holds the
 * lines, joined by newlines. One line replaces every {}; several become arguments in
 * place of each {} that stands alone; without a {}, they come last. EINVAL: a NUL
 * byte, which no argument can hold. ENOMEM.
 */
int template_expand(const struct template *t, const char *text, size_t len,
    const char ***ret_argv, struct reapq_error *err);

#endif
