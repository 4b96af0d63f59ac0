/*
 * id.c - makes ids, and says which names may become part of a Redis key.
 *
 * The accepted bytes leave out '{', '}' and ':', so that no name can change a key's
 * cluster slot or pass for another key. Ids are not secrets, and ids made in the
 * same millisecond have no order.
 */
#include "id.h"
#include "clock.h"
#include "rnd.h"

#include <string.h>

#define TIME_CHARS 10

static const char alphabet[33] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void
id_format(char ret_id[REAPQ_ID_LEN + 1], int64_t wall_ms, const uint8_t rnd[10])
{
	/* A clock set before 1970 makes ids that sort first, no more. */
	uint64_t ms = wall_ms < 0 ? 0 : (uint64_t)wall_ms;

	for (int i = TIME_CHARS - 1; i >= 0; i--) {
		ret_id[i] = alphabet[ms & 31];
		ms >>= 5;
	}
	/* Five bytes are eight characters. */
	for (int half = 0; half < 2; half++) {
		uint64_t bits = 0;

		for (int i = 0; i < 5; i++)
			bits = bits << 8 | rnd[half * 5 + i];
		for (int i = 7; i >= 0; i--) {
			ret_id[TIME_CHARS + half * 8 + i] = alphabet[bits & 31];
			bits >>= 5;
		}
	}
	ret_id[REAPQ_ID_LEN] = '\0';
}

void
id_make(char ret_id[REAPQ_ID_LEN + 1])
{
	uint8_t rnd[10];

	rnd_bytes(rnd, sizeof(rnd));
	id_format(ret_id, clock_wall_ms(), rnd);
}

/* Not isalnum(): that one asks the locale. */
static bool
byte_valid(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

bool
id_valid_bytes(const void *data, size_t len)
{
	const unsigned char *p = data;

	if (len == 0 || len > REAPQ_ID_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!byte_valid(p[i]))
			return false;
	}
	return true;
}

bool
id_valid(const char *text)
{
	return text && id_valid_bytes(text, strnlen(text, REAPQ_ID_MAX + 1));
}
