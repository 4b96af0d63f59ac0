/*
 * text.c - a module with handlers for text: wordcount, grep, echo, upper.
 *
 * It shows how a module is written: one exported table, payload in, result out in
 * pieces, an error text when the work can't be done. Nothing is cleaned up on the
 * way out of a failed handler that the end of its process does not clean up too,
 * except where forgetting it would set a bad example.
 */
#include <reapq/module.h>

#include "payload.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *
open_text(struct reapq_call *call, const char *path)
{
	FILE *f = fopen(path, "re");
	if (f == NULL)
		reapq_call_error(call, "can't read %s: %s", path, strerror(errno));
	return f;
}

/* The end of reading: 0 if all of f was read. */
static int
close_text(struct reapq_call *call, const char *path, FILE *f)
{
	/* A directory opens well and fails on the first read, hence not only here. */
	int failed = ferror(f);
	int sys = errno;
	(void)fclose(f);
	if (failed)
		reapq_call_error(call, "can't read %s: %s", path, strerror(sys));
	return failed ? -1 : 0;
}

static enum reapq_answer
run_wordcount(struct reapq_call *call)
{
	char *path = payload_text(call);
	if (path == NULL)
		return REAPQ_FAIL;
	FILE *f = open_text(call, path);
	if (f == NULL) {
		free(path);
		return REAPQ_FAIL;
	}
	long long lines = 0, words = 0, bytes = 0;
	bool in_word = false;
	char data[65536];
	size_t n;
	while ((n = fread(data, 1, sizeof(data), f)) > 0) {
		bytes += (long long)n;
		for (size_t i = 0; i < n; i++) {
			bool space = isspace((unsigned char)data[i]) != 0;
			lines += data[i] == '\n';
			words += !space && !in_word;
			in_word = !space;
		}
	}
	enum reapq_answer answer = REAPQ_FAIL;
	char line[96];
	if (close_text(call, path, f) == 0) {
		int len = snprintf(
		    line, sizeof(line), "%lld %lld %lld ", lines, words, bytes);
		if (reapq_call_write(call, line, (size_t)len) == 0 &&
		    reapq_call_write(call, path, strlen(path)) == 0)
			answer = REAPQ_DONE;
	}
	free(path);
	return answer;
}

static enum reapq_answer
grep_file(struct reapq_call *call, const regex_t *pattern, const char *path)
{
	FILE *f = open_text(call, path);
	if (f == NULL)
		return REAPQ_FAIL;
	char *line = NULL, number[32];
	size_t cap = 0;
	ssize_t len;
	long long n = 0;
	int err = 0;

	while (err == 0 && (len = getline(&line, &cap, f)) >= 0) {
		n++;
		if (len > 0 && line[len - 1] == '\n')
			line[--len] = '\0';
		if (regexec(pattern, line, 0, NULL, 0) != 0)
			continue;
		int digits = snprintf(number, sizeof(number), "%lld:", n);
		line[len] = '\n'; /* takes the place of the NUL */
		err = reapq_call_write(call, number, (size_t)digits);
		if (err == 0)
			err = reapq_call_write(call, line, (size_t)len + 1);
	}
	free(line);
	if (close_text(call, path, f) < 0 || err != 0)
		return REAPQ_FAIL;
	return REAPQ_DONE;
}

static enum reapq_answer
run_grep(struct reapq_call *call)
{
	char *pattern = payload_text(call);
	if (pattern == NULL)
		return REAPQ_FAIL;
	enum reapq_answer answer = REAPQ_FAIL;
	char *path = strchr(pattern, '\n');
	if (path == NULL) {
		reapq_call_error(call, "the payload is no \"PATTERN\\nPATH\"");
		goto out;
	}
	*path++ = '\0';
	regex_t re;
	int err = regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB);
	if (err != 0) {
		char text[128];
		(void)regerror(err, &re, text, sizeof(text));
		reapq_call_error(call, "bad pattern \"%s\": %s", pattern, text);
		goto out;
	}
	answer = grep_file(call, &re, path);
	regfree(&re);
out:
	free(pattern);
	return answer;
}

static enum reapq_answer
run_echo(struct reapq_call *call)
{
	size_t len;
	const void *data = reapq_call_payload(call, &len);

	return reapq_call_write(call, data, len) == 0 ? REAPQ_DONE : REAPQ_FAIL;
}

static enum reapq_answer
run_upper(struct reapq_call *call)
{
	size_t len;
	const unsigned char *data = reapq_call_payload(call, &len);
	char piece[4096];

	while (len > 0) {
		size_t n = len < sizeof(piece) ? len : sizeof(piece);
		for (size_t i = 0; i < n; i++)
			piece[i] = (char)toupper(data[i]);
		if (reapq_call_write(call, piece, n) != 0)
			return REAPQ_FAIL;
		data += n;
		len -= n;
	}
	return REAPQ_DONE;
}

static const struct reapq_handler handlers[] = {
    {"wordcount", run_wordcount, "lines, words and bytes of the file PAYLOAD"},
    {"grep", run_grep, "lines of a file that match: PAYLOAD is PATTERN, newline, PATH"},
    {"echo", run_echo, "the payload back"},
    {"upper", run_upper, "the payload in capitals"},
    {NULL, NULL, NULL},
};

const struct reapq_module reapq_module = {
    .abi = REAPQ_MODULE_ABI,
    .size = sizeof(struct reapq_module),
    .name = "text",
    .version = REAPQ_VERSION,
    .handlers = handlers,
};
