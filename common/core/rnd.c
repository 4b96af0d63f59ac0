/* rnd.c - the only caller of getrandom(2). Holds no state. */
#include "rnd.h"

#include "check.h"
#include <errno.h>
#include <sys/random.h>

void
rnd_bytes(void *data, size_t len)
{
	ssize_t n;

	CHECK(len <= 256);
	/* Up to 256 bytes come whole or not at all: getrandom(2). */
	do
		n = getrandom(data, len, 0);
	while (n < 0 && errno == EINTR);
	CHECK(n == (ssize_t)len);
}

uint32_t
rnd_u32(void)
{
	uint32_t n;

	rnd_bytes(&n, sizeof(n));
	return n;
}
