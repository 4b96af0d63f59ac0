/*
 * reapq/error.h - how every reapq function reports that it failed.
 *
 * A function that can fail returns 0 or one of the negative codes below. If
 * the caller passes a struct reapq_error, it also receives the code, the errno
 * behind it and one line of English fit for a log. err may be NULL everywhere.
 * On success *err is untouched; on failure every ret_ parameter is untouched.
 *
 * struct reapq_error is plain memory of the caller's; there is nothing to free,
 * so it can sit on the stack of any error path.
 *
 * These codes are about calls. How a task ended is never one of them: waiting
 * for a task that crashed is a successful wait (see reapq/report.h).
 */
#ifndef REAPQ_ERROR_H
#define REAPQ_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define REAPQ_API __attribute__((visibility("default")))
#define REAPQ_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define REAPQ_MUST_CHECK __attribute__((warn_unused_result))
#else
#define REAPQ_API
#define REAPQ_PRINTF(fmt, args)
#define REAPQ_MUST_CHECK
#endif

enum reapq_code {
	REAPQ_OK = 0,
	REAPQ_EINVAL = -1,    /* the caller broke the contract: msg says how */
	REAPQ_ENOMEM = -2,    /* no memory */
	REAPQ_ESYS = -3,      /* a system call failed; see reapq_error.sys */
	REAPQ_ECONN = -4,     /* Redis is out of reach, or hung up */
	REAPQ_EREDIS = -5,    /* Redis answered with an error */
	REAPQ_EPROTO = -6,    /* bytes that break the protocol */
	REAPQ_ETOOBIG = -7,   /* over a documented size; nothing was sent */
	REAPQ_ETIMEDOUT = -8, /* time is over; nothing else changed: ask again */
	REAPQ_ENOENT = -9,    /* no such task, queue or handler */
	REAPQ_EFULL = -10,    /* the queue is at its limit; nothing was submitted */
	REAPQ_ETOOLATE = -11, /* cancel: the task has ended, or is running already */
	REAPQ_ENORESULT =
	    -12,              /* the future is done but has no result: see its report */
	REAPQ_ENOTDONE = -13, /* the future is still queued or running */
	REAPQ_EEMPTY = -14,   /* the set holds no futures */
	REAPQ_EFORKED = -15,  /* made before fork(): make a new client in the child */
	REAPQ_EDEADLK = -16,  /* waited inside a callback */
	REAPQ_EDRAINING = -17, /* the queue takes no new tasks; nothing was submitted */
	REAPQ_EUNCONFIRMED = -18 /* submitted, but its durability is not confirmed */
};

struct reapq_error {
	int code;      /* enum reapq_code */
	int sys;       /* errno when there is one behind it, else 0 */
	char msg[256]; /* always NUL-terminated */
};

#define REAPQ_ERROR_INIT \
	{                \
		0, 0, "" \
	}

/* The name of a code, such as "ECONN". Never NULL, static. */
REAPQ_API const char *reapq_code_name(int code);

#ifdef __cplusplus
}
#endif

#endif
