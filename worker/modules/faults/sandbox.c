/*
 * sandbox.c - owns the handlers that try what a sandbox may forbid, and say how it went.
 *
 * Without one each returns its result.
 */
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

static enum reapq_answer
answer(struct reapq_call *call, const char *text)
{
	return reapq_call_write(call, text, strlen(text)) == 0 ? REAPQ_DONE
							       : REAPQ_FAIL;
}

enum reapq_answer
sandbox_traceme(struct reapq_call *call)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
		return answer(call, "traced");
	reapq_call_error(call, "ptrace: %s", strerror(errno));
	return REAPQ_FAIL;
}

enum reapq_answer
sandbox_socket(struct reapq_call *call)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		close(fd);
		return answer(call, "a socket");
	}
	reapq_call_error(call, "socket: %s", strerror(errno));
	return REAPQ_FAIL;
}

enum reapq_answer
sandbox_whoami(struct reapq_call *call)
{
	char text[128];
	int death = 0;

	(void)prctl(PR_GET_PDEATHSIG, &death);
	snprintf(text, sizeof(text),
	    "uid=%ld gid=%ld groups=%d dumpable=%d pdeathsig=%d no_new_privs=%d",
	    (long)getuid(), (long)getgid(), getgroups(0, NULL), prctl(PR_GET_DUMPABLE),
	    death, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return answer(call, text);
}
