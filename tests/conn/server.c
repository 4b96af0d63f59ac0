/*
 * server.c - see server.h. Failures are the test's: assertions.
 */
#include "server.h"
#include "fixture.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void
make_dir(struct server *s)
{
	*s = (struct server){.port = "0"};
	snprintf(s->dir, sizeof s->dir, "/tmp/reapq-conn-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
}

void
server_make_unix(struct server *s)
{
	make_dir(s);
	snprintf(s->url, sizeof s->url, "unix://%s/socket", s->dir);
}

void
server_make_tcp(struct server *s)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	make_dir(s);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	close(fd);
	snprintf(s->port, sizeof s->port, "%u", ntohs(sin.sin_port));
	snprintf(s->url, sizeof s->url, "redis://127.0.0.1:%s", s->port);
}

static _Noreturn void
run_server(const struct server *s, pid_t test)
{
	int null_fd = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != test)
		_exit(1);
	dup2(null_fd, STDIN_FILENO);
	dup2(null_fd, STDOUT_FILENO);
	execlp("redis-server", "redis-server", "--port", s->port, "--bind", "127.0.0.1",
	    "--dir", s->dir, "--unixsocket", "socket", "--save", "", "--appendonly",
	    "yes", "--appendfsync", "always", "--requirepass",
	    s->password ? s->password : "", (char *)NULL);
	_exit(127);
}

void
server_start(struct server *s)
{
	pid_t test = getpid();

	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0)
		run_server(s, test);
}

void
server_signal(const struct server *s, int sig)
{
	assert_int_equal(kill(s->pid, sig), 0);
}

void
server_kill(struct server *s)
{
	server_signal(s, SIGKILL);
	assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
	s->pid = 0;
}

void
server_remove(struct server *s)
{
	char command[128];

	if (s->pid > 0)
		server_kill(s);
	snprintf(command, sizeof command, "rm -rf '%s'", s->dir);
	assert_int_equal(system(command), 0);
}
