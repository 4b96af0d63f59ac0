/*
 * payload.c - owns the reading of a call's payload as text.
 *
 * A payload is opaque bytes without a NUL at its end, from a stranger: whatever is
 * handed to a function that wants a string is copied and checked here first.
 */
#include "payload.h"

#include <stdlib.h>
#include <string.h>

char *
payload_text(struct reapq_call *call)
{
	size_t len;
	const void *data = reapq_call_payload(call, &len);

	if (len > 0 && memchr(data, '\0', len) != NULL) {
		reapq_call_error(
		    call, "the payload holds a NUL byte; text is expected");
		return NULL;
	}
	char *text = malloc(len + 1);
	if (text == NULL) {
		reapq_call_error(call, "no memory for a payload of %zu bytes", len);
		return NULL;
	}
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

long long
payload_number(struct reapq_call *call, int n, long long fallback)
{
	char *text = payload_text(call);
	long long value = fallback;

	if (text == NULL)
		return fallback;
	char *save = NULL;
	char *word = strtok_r(text, " \n", &save);
	while (word != NULL && n-- > 0)
		word = strtok_r(NULL, " \n", &save);
	if (word != NULL) {
		char *end;
		long long v = strtoll(word, &end, 10);
		if (*end == '\0' && v >= 0 && v <= (1LL << 40))
			value = v;
	}
	free(text);
	return value;
}
