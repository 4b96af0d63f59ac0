/*
 * kernel_log.c - owns a descriptor of /dev/kmsg and the victims it has named.
 *
 * Read only when a counter says that there was an OOM kill. What others wrote into the
 * log is told from the kernel's own by its priority, see cgroup_parse_oom_victim.
 */
#include "kernel_log.h"

#include "cgroup_parse.h"
#include "clock.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define INIT_PID_NS 0xEFFFFFFCu /* PROC_PID_INIT_INO in linux/proc_ns.h */
#define VICTIMS 64
#define LOOKS 5            /* 1 ms apart */
#define CLOCK_SLACK_MS 100 /* of what follows */

static int log_fd = -1;
static struct {
	pid_t pid;
	int64_t us;
	bool cgroup;
} victims[VICTIMS];
static unsigned victims_n;
/* The log's clock is not set right as the monotonic one is, and runs away from it by
 * seconds a day. So far is it behind: at most, as the newest record may be old. */
static int64_t behind_us;

void
kernel_log_open(void)
{
	struct stat st;

	kernel_log_close();
	if (stat("/proc/self/ns/pid", &st) != 0 || st.st_ino != INIT_PID_NS)
		return;
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd >= 0 && lseek(log_fd, 0, SEEK_END) < 0)
		kernel_log_close();
}

void
kernel_log_close(void)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
}

bool
kernel_log_readable(void)
{
	return log_fd >= 0;
}

static void
read_new(void)
{
	char record[8192];
	int64_t us;
	bool cgroup;
	pid_t pid;
	ssize_t n;

	for (;;) {
		us = -1;
		n = read(log_fd, record, sizeof(record) - 1);
		/* EPIPE: records were overwritten; the next is the oldest there is */
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			return;
		record[n] = '\0';
		pid = cgroup_parse_oom_victim(record, &us, &cgroup);
		if (us >= 0)
			behind_us = clock_mono_ms() * 1000 - us;
		if (pid == 0)
			continue;
		victims[victims_n % VICTIMS].pid = pid;
		victims[victims_n % VICTIMS].us = us;
		victims[victims_n % VICTIMS].cgroup = cgroup;
		victims_n++;
	}
}

enum judge_logged
kernel_log_names_victim(pid_t pid, int64_t since_ms)
{
	int64_t since_us = (since_ms - CLOCK_SLACK_MS) * 1000;

	/* The line is written after the signal is sent: a few looks, if need be. */
	for (int look = 0; log_fd >= 0 && look < LOOKS; look++) {
		if (look > 0)
			(void)poll(NULL, 0, 1);
		read_new();
		for (unsigned i = 0; i < VICTIMS && i < victims_n; i++)
			if (victims[i].pid == pid &&
			    victims[i].us + behind_us >= since_us)
				return victims[i].cgroup ? JUDGE_LOGGED_CGROUP
							 : JUDGE_LOGGED_MACHINE;
	}
	return JUDGE_NOT_LOGGED;
}
