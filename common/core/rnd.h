/* rnd.h - random bytes for jitter and names; not for secrets that must resist attack. */
#ifndef CORE_RND_H
#define CORE_RND_H

#include <stddef.h>
#include <stdint.h>

/* From getrandom(2). Aborts if the kernel has none, which it says it never does. */
void rnd_bytes(void *data, size_t len); /* at most 256 */
uint32_t rnd_u32(void);

#endif
