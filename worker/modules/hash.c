/*
 * hash.c - a module with checksums of files: crc32, fnv1a64, simhash.
 *
 * All three read the file that the payload names, once, in bounded memory. crc32
 * is that of zlib and gzip (reflected polynomial 0xEDB88320); its table is made in
 * the module's init, once for all children. fnv1a64 is the 64-bit FNV-1a
 * (RFC 9923). simhash is Charikar's similarity hash over words: texts that differ
 * little have hashes that differ in few bits.
 */
#include <reapq/module.h>

#include "payload.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)
#define WORD_MAX 256 /* longer words are hashed in pieces */

static uint32_t crc_table[256];

struct state {
	uint32_t crc;
	uint64_t fnv;
	int64_t votes[64];
	uint64_t word; /* FNV-1a of the word so far */
	size_t word_len;
};

typedef void feed_fn(struct state *s, const unsigned char *data, size_t len);

static int
make_crc_table(struct reapq_error *err)
{
	(void)err;
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int bit = 0; bit < 8; bit++)
			c = (c & 1u) != 0 ? (c >> 1) ^ UINT32_C(0xEDB88320) : c >> 1;
		crc_table[i] = c;
	}
	return 0;
}

static void
feed_crc(struct state *s, const unsigned char *data, size_t len)
{
	uint32_t c = s->crc ^ UINT32_MAX;
	for (size_t i = 0; i < len; i++)
		c = crc_table[(c ^ data[i]) & 0xFFu] ^ (c >> 8);
	s->crc = c ^ UINT32_MAX;
}

static uint64_t
fnv_byte(uint64_t h, unsigned char byte)
{
	return (h ^ byte) * FNV_PRIME;
}

static void
feed_fnv(struct state *s, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s->fnv = fnv_byte(s->fnv, data[i]);
}

static void
end_word(struct state *s)
{
	if (s->word_len == 0)
		return;
	for (int bit = 0; bit < 64; bit++)
		s->votes[bit] += ((s->word >> bit) & 1u) != 0 ? 1 : -1;
	s->word = FNV_OFFSET;
	s->word_len = 0;
}

static void
feed_simhash(struct state *s, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalnum(data[i]) && data[i] < 0x80) {
			end_word(s);
			continue;
		}
		s->word = fnv_byte(s->word, (unsigned char)tolower(data[i]));
		if (++s->word_len == WORD_MAX)
			end_word(s);
	}
}

static int
feed_file(struct reapq_call *call, const char *path, feed_fn *feed, struct state *s)
{
	unsigned char data[65536];
	size_t n;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		goto failed;
	while ((n = fread(data, 1, sizeof(data), f)) > 0)
		feed(s, data, n);
	if (ferror(f))
		goto failed;
	(void)fclose(f);
	return 0;

failed:
	reapq_call_error(call, "can't read %s: %s", path, strerror(errno));
	if (f != NULL)
		(void)fclose(f);
	return -1;
}

/* Feeds the file that the payload names, and answers with "HASH PATH". */
static enum reapq_answer
hash_file(struct reapq_call *call, feed_fn *feed)
{
	struct state s = {.fnv = FNV_OFFSET, .word = FNV_OFFSET};
	enum reapq_answer answer = REAPQ_FAIL;
	char hex[32];
	int len;
	char *path = payload_text(call);

	if (path == NULL || feed_file(call, path, feed, &s) < 0)
		goto out;
	if (feed == feed_crc) {
		len = snprintf(hex, sizeof(hex), "%08lx ", (unsigned long)s.crc);
	} else {
		unsigned long long value = s.fnv;
		if (feed == feed_simhash) {
			end_word(&s);
			value = 0;
			for (int bit = 0; bit < 64; bit++)
				value |= (unsigned long long)(s.votes[bit] > 0) << bit;
		}
		len = snprintf(hex, sizeof(hex), "%016llx ", value);
	}
	if (reapq_call_write(call, hex, (size_t)len) == 0 &&
	    reapq_call_write(call, path, strlen(path)) == 0)
		answer = REAPQ_DONE;
out:
	free(path);
	return answer;
}

static enum reapq_answer
run_crc32(struct reapq_call *call)
{
	return hash_file(call, feed_crc);
}

static enum reapq_answer
run_fnv1a64(struct reapq_call *call)
{
	return hash_file(call, feed_fnv);
}

static enum reapq_answer
run_simhash(struct reapq_call *call)
{
	return hash_file(call, feed_simhash);
}

static const struct reapq_handler handlers[] = {
    {"crc32", run_crc32, "CRC-32 of the file PAYLOAD, as gzip has it"},
    {"fnv1a64", run_fnv1a64, "64-bit FNV-1a of the file PAYLOAD"},
    {"simhash", run_simhash, "64-bit similarity hash of the text file PAYLOAD"},
    {NULL, NULL, NULL},
};

const struct reapq_module reapq_module = {
    .abi = REAPQ_MODULE_ABI,
    .size = sizeof(struct reapq_module),
    .name = "hash",
    .version = REAPQ_VERSION,
    .handlers = handlers,
    .init = make_crc_table,
};
