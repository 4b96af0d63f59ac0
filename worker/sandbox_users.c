/*
 * sandbox_users.c - resolves users, lends them to children, kills by user.
 *
 * kill(2) of all that one may signal (-1) is the one signal that nothing escapes by
 * forking, as the kernel holds off forks meanwhile. It takes a process of that user, which
 * this file forks and reaps.
 */
#include "sandbox_users.h"

#include "error.h"
#include "units.h"
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FREE_MS 1000
#define FREE_STEP_MS 20L
#define ID_MAX ((int64_t)UINT32_MAX - 1) /* the last one means "unchanged" */

static bool
parse_id(const char *text, uint32_t *ret_id)
{
	int64_t value;

	if (units_count(text, 0, ID_MAX, &value, NULL) != 0)
		return false;
	*ret_id = (uint32_t)value;
	return true;
}

/* ---- one for all --------------------------------------------------------------- */

static int
find_group(const char *text, uint32_t *ret_gid, struct reapq_error *err)
{
	const struct group *g;

	if (parse_id(text, ret_gid))
		return 0;
	g = getgrnam(text);
	if (g == NULL)
		return error_set(err, REAPQ_EINVAL, "no group is called '%s'", text);
	*ret_gid = g->gr_gid;
	return 0;
}

static int
take_groups(const struct passwd *pw, struct sandbox_plan *plan, struct reapq_error *err)
{
	gid_t groups[SANDBOX_GROUPS_MAX];
	int n = SANDBOX_GROUPS_MAX;

	plan->gid = pw->pw_gid;
	if (getgrouplist(pw->pw_name, pw->pw_gid, groups, &n) < 0)
		return error_set(err, REAPQ_EINVAL,
		    "user '%s' is in more than %d groups: name the one to have, "
		    "%s:GROUP",
		    pw->pw_name, SANDBOX_GROUPS_MAX, pw->pw_name);
	for (int i = 0; i < n; i++)
		plan->groups[i] = groups[i];
	plan->groups_n = (uint32_t)n;
	return 0;
}

int
sandbox_users_one(const char *text, struct sandbox_plan *plan, struct reapq_error *err)
{
	const char *colon = strchr(text, ':');
	const struct passwd *pw;
	char name[64];
	bool number;

	snprintf(name, sizeof(name), "%.*s",
	    colon != NULL ? (int)(colon - text) : (int)strlen(text), text);
	number = parse_id(name, &plan->uid);
	pw = number ? getpwuid((uid_t)plan->uid) : getpwnam(name);
	if (pw == NULL && !number)
		return error_set(err, REAPQ_EINVAL, "no user is called '%s'", name);
	if (pw != NULL)
		plan->uid = pw->pw_uid;
	if (plan->uid == 0)
		return error_set(
		    err, REAPQ_EINVAL, "'%s' is root, from whom nothing is kept", text);
	plan->as_user = true;
	if (colon != NULL)
		return find_group(colon + 1, &plan->gid, err);
	if (pw == NULL)
		return error_set(err, REAPQ_EINVAL,
		    "user %s is not in the user database: give its group too, %s:%s",
		    name, name, name);
	return take_groups(pw, plan, err);
}

/* ---- one for each ---------------------------------------------------------------- */

int
sandbox_users_range(const char *text, int need, struct sandbox_users *ret_users,
    struct reapq_error *err)
{
	struct sandbox_users *u = ret_users;
	const char *dash = strchr(text, '-');
	char first[32];
	uint32_t last;

	memset(u, 0, sizeof(*u));
	snprintf(first, sizeof(first), "%.*s",
	    dash != NULL ? (int)(dash - text) : (int)strlen(text), text);
	if (!parse_id(first, &u->first) || (dash != NULL && !parse_id(dash + 1, &last)))
		return error_set(err, REAPQ_EINVAL,
		    "'%s' is neither a uid nor two of them, FIRST-LAST", text);
	if (dash == NULL)
		last = u->first + (uint32_t)need - 1;
	if (u->first == 0)
		return error_set(err, REAPQ_EINVAL,
		    "'%s' has root in it, from whom nothing is kept", text);
	if (last < u->first || last > ID_MAX || last - u->first + 1 < (uint32_t)need)
		return error_set(err, REAPQ_EINVAL,
		    "'%s' are too few: %d children may be there at a time "
		    "(--concurrency and --warm)",
		    text, need);
	u->n = last - u->first + 1 < SANDBOX_USERS_MAX ? (int)(last - u->first + 1)
						       : SANDBOX_USERS_MAX;
	return 0;
}

/* The real uid and whether it lives, from /proc/PID/status. */
static bool
runs_as(const char *pid, uint32_t *ret_uid)
{
	char path[300], line[256];
	bool dead = false, found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "State:\t", 7) == 0)
			dead = line[7] == 'Z' || line[7] == 'X';
		if (strncmp(line, "Uid:\t", 5) == 0) {
			*ret_uid = (uint32_t)strtoul(line + 5, NULL, 10);
			found = true;
			break;
		}
	}
	(void)fclose(f);
	return found && !dead;
}

static int
find_one(const struct sandbox_users *u, struct reapq_error *err)
{
	const struct dirent *entry;
	DIR *dir = u->n > 0 ? opendir("/proc") : NULL;
	int rc = 0;

	while (dir != NULL && rc == 0 && (entry = readdir(dir)) != NULL) {
		uint32_t uid;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    !runs_as(entry->d_name, &uid))
			continue;
		if (uid >= u->first && uid - u->first < (uint32_t)u->n)
			rc = error_set(err, REAPQ_EINVAL,
			    "process %.16s runs as user %u, which has to be for the "
			    "tasks of this worker alone: all of it is killed",
			    entry->d_name, uid);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return rc;
}

int
sandbox_users_check_free(const struct sandbox_users *u, struct reapq_error *err)
{
	static const struct timespec pause = {0, FREE_STEP_MS * 1000000};
	int rc = find_one(u, err);

	/* What an earlier worker has left may be dying. */
	for (long ms = 0; rc != 0 && ms < FREE_MS; ms += FREE_STEP_MS) {
		(void)nanosleep(&pause, NULL);
		rc = find_one(u, err);
	}
	return rc;
}

uint32_t
sandbox_users_take(struct sandbox_users *u)
{
	for (int i = 0; i < u->n; i++) {
		uint32_t uid = u->first + (uint32_t)i;

		if (u->taken[i] || (u->dirty[i] && !sandbox_users_kill(uid)))
			continue;
		u->dirty[i] = false;
		u->taken[i] = true;
		return uid;
	}
	return 0;
}

void
sandbox_users_give(struct sandbox_users *u, uint32_t uid)
{
	if (uid < u->first || uid - u->first >= (uint32_t)u->n)
		return;
	u->taken[uid - u->first] = false;
	u->dirty[uid - u->first] = !sandbox_users_kill(uid);
}

/* ---- all of it --------------------------------------------------------------------- */

bool
sandbox_users_kill(uint32_t uid)
{
	sigset_t all, old;
	int status = -1;
	pid_t pid;

	if (uid == 0)
		return true;
	/* libevent's handlers must not run in the child: they write into our loop. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0) {
		/* Nothing else of us may be of that user, nor die with it. */
		if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
		    setresuid(uid, uid, uid) != 0)
			_exit(2);
		/* Says nothing of how many it found, kill(2). */
		_exit(kill(-1, SIGKILL) == 0 || errno == ESRCH ? 0 : 1);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
