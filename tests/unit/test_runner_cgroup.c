/*
 * test_runner_cgroup.c - a child comes into its cgroup before all else, or not at all.
 *
 * A real runner, and files in the place of cgroup.procs: what a child writes there, and
 * that it ends where it cannot. The directory is no cgroup, so that clone3 is refused.
 */
#include "cmocka_all.h"
#include "runner/link.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct runner {
	pid_t pid;
	int link_fd;
};

static struct link_msg
hear(const struct runner *r)
{
	struct link_msg msg;

	assert_int_equal(recv(r->link_fd, &msg, sizeof(msg), 0), sizeof(msg));
	return msg;
}

static int
start(void **state)
{
	static struct runner r;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	r.pid = fork();
	if (r.pid == 0) {
		close(fds[0]);
		if (fds[1] != LINK_FD) {
			(void)dup2(fds[1], LINK_FD);
			close(fds[1]);
		}
		(void)execl(RUNNER, RUNNER, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	r.link_fd = fds[0];
	while (hear(&r).type != LINK_READY)
		;
	*state = &r;
	return 0;
}

static int
stop(void **state)
{
	struct runner *r = *state;
	/* As the worker ends it. */
	close(r->link_fd);
	assert_int_equal(kill(r->pid, SIGKILL), 0);
	assert_int_equal(waitpid(r->pid, NULL, 0), r->pid);
	return 0;
}

/* A child with these doors; our end of its channel, and the runner's answer. */
static int
spawn(
    const struct runner *r, const int *doors, int n, bool into, struct link_msg *answer)
{
	int fds[LINK_FDS_MAX], chan[2], null = open("/dev/null", O_RDWR);
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(fds))];
	} control;
	size_t len = (size_t)(LINK_SPAWN_FDS + n) * sizeof(int);
	struct link_msg msg = {
	    .type = LINK_SPAWN, .gen = 7, .flags = into ? LINK_INTO : 0};
	struct iovec iov = {&msg, sizeof(msg)};
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&mh);

	assert_non_null(c);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, chan), 0);
	fds[0] = chan[1];
	fds[1] = fds[2] = null;
	fds[3] = memfd_create("page", 0);
	assert_int_equal(ftruncate(fds[3], 65536), 0);
	memcpy(fds + LINK_SPAWN_FDS, doors, (size_t)n * sizeof(int));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), fds, len);
	mh.msg_controllen = CMSG_SPACE(len);
	assert_int_equal(sendmsg(r->link_fd, &mh, 0), sizeof(msg));
	close(chan[1]);
	close(fds[3]);
	close(null);
	*answer = hear(r);
	assert_int_equal(answer->type, LINK_SPAWNED);
	assert_int_equal(answer->gen, 7);
	return chan[0];
}

static int
end_of(const struct link_msg *answer)
{
	int status;

	/* it is ours, not the runner's */
	assert_int_equal(waitpid(answer->value, &status, 0), answer->value);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static char *
text_of(int fd)
{
	static char text[16];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
test_writes_itself_in(void **state)
{
	int doors[2] = {memfd_create("a", 0), memfd_create("b", 0)};
	struct link_msg answer;
	int chan = spawn(*state, doors, 2, false, &answer);

	assert_int_equal(answer.flags, LINK_WRITING);
	close(chan); /* there is no task for it */
	assert_int_equal(end_of(&answer), 0);
	assert_string_equal(text_of(doors[0]), "0");
	assert_string_equal(text_of(doors[1]), "0");
	close(doors[0]);
	close(doors[1]);
}

static void
test_ends_where_it_cannot(void **state)
{
	int doors[2] = {memfd_create("a", 0), open("/dev/full", O_RDWR)};
	struct link_msg answer;
	char byte;
	int chan = spawn(*state, doors, 2, false, &answer);

	/* its task may be there already: it is not taken */
	(void)send(chan, "task", 4, MSG_NOSIGNAL);
	assert_int_equal(end_of(&answer), LINK_EXIT_HOMELESS);
	assert_true(recv(chan, &byte, 1, 0) <= 0);
	close(chan);
	close(doors[0]);
	close(doors[1]);
}

static void
test_clone3_that_is_refused(void **state)
{
	for (int i = 0; i < 2; i++) {
		int doors[2] = {
		    open("/tmp", O_RDONLY | O_DIRECTORY), memfd_create("a", 0)};
		struct link_msg answer;
		int chan = spawn(*state, doors, 2, true, &answer);

		assert_int_equal(answer.flags, LINK_WRITING);
		close(chan);
		assert_int_equal(end_of(&answer), 0);
		assert_string_equal(text_of(doors[1]), "0");
		close(doors[0]);
		close(doors[1]);
	}
}

static void
test_no_cgroup(void **state)
{
	struct link_msg answer;
	const int none[1] = {-1};
	int chan = spawn(*state, none, 0, false, &answer);

	assert_int_equal(answer.flags, 0);
	close(chan);
	assert_int_equal(end_of(&answer), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_writes_itself_in, start, stop),
	    cmocka_unit_test_setup_teardown(test_ends_where_it_cannot, start, stop),
	    cmocka_unit_test_setup_teardown(test_clone3_that_is_refused, start, stop),
	    cmocka_unit_test_setup_teardown(test_no_cgroup, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
