/* worker_id.c - pure but for the host's name, the pid and six random letters. */
#include "worker_id.h"

#include "rnd.h"
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOST_PART 24

void
worker_id_make(char ret_id[REAPQ_ID_MAX + 1], char ret_host[WORKER_HOST_MAX + 1])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	char host[HOST_PART + 1], nonce[7];
	uint8_t rnd[6];
	size_t n;

	if (gethostname(ret_host, WORKER_HOST_MAX + 1) != 0 || ret_host[0] == '\0')
		snprintf(ret_host, WORKER_HOST_MAX + 1, "localhost");
	ret_host[WORKER_HOST_MAX] = '\0';
	for (n = 0; n < HOST_PART && ret_host[n] != '\0' && ret_host[n] != '.'; n++) {
		unsigned char c = (unsigned char)ret_host[n];

		host[n] = (char)(isalnum(c) || c == '_' || c == '-' ? c : '-');
	}
	host[n] = '\0';
	rnd_bytes(rnd, sizeof(rnd));
	for (n = 0; n < sizeof(rnd); n++)
		nonce[n] = letters[rnd[n] % 32];
	nonce[n] = '\0';
	snprintf(ret_id, REAPQ_ID_MAX + 1, "%s-%d-%s", host, (int)getpid(), nonce);
}
