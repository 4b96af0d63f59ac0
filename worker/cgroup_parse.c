/*
 * cgroup_parse.c - reads memory.events, memory.oom_control, mountinfo and their like.
 *
 * Owns no state. What it does not understand it calls missing, never zero: a counter
 * that is taken for zero would be evidence that nothing happened.
 */
#include "cgroup_parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int64_t
cgroup_parse_number(const char *text)
{
	char *end;
	long long n;

	if (strncmp(text, "max", 3) == 0 && (text[3] == '\n' || text[3] == '\0'))
		return INT64_MAX;
	if (!isdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	n = strtoll(text, &end, 10);
	return errno == 0 && (*end == '\n' || *end == '\0') ? n : -1;
}

int64_t
cgroup_parse_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');

		if (strncmp(line, key, len) == 0 && line[len] == ' ') {
			char number[32];
			size_t n = strcspn(line + len + 1, "\n");

			if (n >= sizeof(number))
				return -1;
			memcpy(number, line + len + 1, n);
			number[n] = '\0';
			return cgroup_parse_number(number);
		}
		line = next == NULL ? NULL : next + 1;
	}
	return -1;
}

static bool
has_word(const char *text, size_t text_len, const char *word, char separator)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= text_len; i++) {
		bool begins = i == 0 || text[i - 1] == separator;
		bool ends = i + len == text_len || text[i + len] == separator ||
			    text[i + len] == '\n';

		if (begins && ends && memcmp(text + i, word, len) == 0)
			return true;
	}
	return false;
}

bool
cgroup_parse_has(const char *text, const char *word)
{
	return has_word(text, strlen(text), word, ' ');
}

static bool
copy(char *ret, size_t cap, const char *from, size_t len)
{
	if (len >= cap)
		return false;
	memcpy(ret, from, len);
	ret[len] = '\0';
	return true;
}

/* Lines are "id:controllers:path"; v2 is "0::path". */
bool
cgroup_parse_self(const char *text, const char *controller, char *ret, size_t cap)
{
	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');
		const char *names = strchr(line, ':');
		const char *path = names == NULL ? NULL : strchr(names + 1, ':');

		if (path != NULL) {
			size_t len = (size_t)(path - names - 1);
			bool fits = controller[0] == '\0'
					? len == 0
					: has_word(names + 1, len, controller, ',');

			if (fits)
				return copy(
				    ret, cap, path + 1, strcspn(path + 1, "\n"));
		}
		line = next == NULL ? NULL : next + 1;
	}
	return false;
}

/* Of a line of mountinfo: field n from 0, proc(5). */
static const char *
field(const char *line, int n, size_t *ret_len)
{
	const char *p = line;

	for (; n > 0 && *p != '\0' && *p != '\n'; n--) {
		p += strcspn(p, " \n");
		p += *p == ' ';
	}
	*ret_len = strcspn(p, " \n");
	return p;
}

bool
cgroup_parse_mount(const char *text, const char *controller, char *ret_point,
    char *ret_root, size_t cap)
{
	const char *type = controller[0] == '\0' ? "cgroup2" : "cgroup";

	for (const char *line = text; line != NULL && *line != '\0';) {
		const char *next = strchr(line, '\n');
		const char *dash = strstr(line, " - ");
		size_t type_len, options_len, len;
		const char *word, *options;

		if (dash != NULL && (next == NULL || dash < next)) {
			word = field(dash + 3, 0, &type_len);
			options = field(dash + 3, 2, &options_len);
			if (type_len == strlen(type) &&
			    memcmp(word, type, type_len) == 0 &&
			    (controller[0] == '\0' ||
				has_word(options, options_len, controller, ','))) {
				word = field(line, 3, &len);
				if (!copy(ret_root, cap, word, len))
					return false;
				word = field(line, 4, &len);
				return copy(ret_point, cap, word, len);
			}
		}
		line = next == NULL ? NULL : next + 1;
	}
	return false;
}

/* "PRIORITY,SEQUENCE,TIME_US,FLAGS;text"; a priority of 8 or more is not the kernel's.
 * The text begins with one of two phrases; a process's name comes after the pid. */
pid_t
cgroup_parse_oom_victim(const char *record, int64_t *ret_us, bool *ret_cgroup)
{
	static const char cgroup[] = "Memory cgroup out of memory: Killed process ";
	static const char machine[] = "Out of memory: Killed process ";
	const char *text = strchr(record, ';');
	const char *sequence = strchr(record, ',');
	const char *time = sequence == NULL ? NULL : strchr(sequence + 1, ',');
	long pid = 0;

	if (text == NULL || time == NULL || time > text ||
	    !isdigit((unsigned char)record[0]) || strtol(record, NULL, 10) > 7)
		return 0;
	text++;
	*ret_us = strtoll(time + 1, NULL, 10);
	*ret_cgroup = strncmp(text, cgroup, sizeof(cgroup) - 1) == 0;
	if (*ret_cgroup)
		pid = strtol(text + sizeof(cgroup) - 1, NULL, 10);
	else if (strncmp(text, machine, sizeof(machine) - 1) == 0)
		pid = strtol(text + sizeof(machine) - 1, NULL, 10);
	return pid > 0 ? (pid_t)pid : 0;
}
