/*
 * sandbox.c - owns the plan, its memfd and the users of this worker's children.
 *
 * From options to a plan and to words; what the plan does is in runner/sandbox.c.
 */
#include "sandbox.h"

#include "config.h"
#include "error.h"
#include "isolation_probe.h"
#include "sandbox_probe.h"
#include "sandbox_users.h"
#include "seccomp_profile.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534u

struct sandbox {
	struct sandbox_plan plan;
	struct sandbox_users users;
	int fd;
	char profile[SECCOMP_PROFILE_NAME_MAX + 1];
	char words[SANDBOX_WORDS_MAX];
};

static bool
is_wanted(const struct sandbox_config *c)
{
	return c->seccomp != NULL || c->user != NULL || c->users != NULL ||
	       c->no_new_privs || c->read_only_root || c->writable_n > 0;
}

/* ---- from options ---------------------------------------------------------------- */

static int
take_profile(struct sandbox *s, const char *spec, struct reapq_error *err)
{
	static struct seccomp_profile profile;
	size_t n = 0;
	int rc = seccomp_profile_load(&profile, spec, err);

	if (rc == 0)
		rc = seccomp_profile_compile(
		    &profile, s->plan.filter, SANDBOX_FILTER_MAX, &n, err);
	if (rc != 0)
		return error_wrap(err, rc, "--seccomp");
	s->plan.filter_n = (uint32_t)n;
	/* Without it the kernel takes a filter from root only, and a set-id program
	 * would run under a filter that it does not expect. */
	s->plan.no_new_privs = true;
	snprintf(s->profile, sizeof(s->profile), "%s", profile.name);
	return 0;
}

static int
take_users(struct sandbox *s, const struct config *config, struct reapq_error *err)
{
	const struct sandbox_config *c = &config->sandbox;
	int rc;

	if (c->user != NULL && c->users != NULL)
		return error_set(err, REAPQ_EINVAL,
		    "--child-user and --child-uids: give one of the two");
	if (c->user != NULL && (rc = sandbox_users_one(c->user, &s->plan, err)) != 0)
		return error_wrap(err, rc, "--child-user");
	if (c->users == NULL)
		return 0;
	rc = sandbox_users_range(
	    c->users, config->concurrency + config->warm, &s->users, err);
	if (rc == 0)
		rc = sandbox_users_check_free(&s->users, err);
	s->plan.as_users = true;
	return rc == 0 ? 0 : error_wrap(err, rc, "--child-uids");
}

static int
take_writable(
    struct sandbox *s, const struct sandbox_config *c, struct reapq_error *err)
{
	struct stat st;

	if (c->writable_n > 0 && !c->read_only_root)
		return error_set(err, REAPQ_EINVAL,
		    "--writable means nothing without --read-only-root");
	for (int i = 0; i < c->writable_n; i++) {
		char *real = realpath(c->writable[i], NULL);
		bool good = real != NULL && stat(real, &st) == 0 &&
			    S_ISDIR(st.st_mode) && strlen(real) < SANDBOX_PATH_MAX &&
			    strcmp(real, "/") != 0;

		if (!good) {
			free(real);
			return error_set(err, REAPQ_EINVAL,
			    "--writable: %s is no directory below /", c->writable[i]);
		}
		snprintf(s->plan.writable[i], SANDBOX_PATH_MAX, "%s", real);
		free(real);
	}
	s->plan.writable_n = (uint32_t)c->writable_n;
	s->plan.read_only_root = c->read_only_root;
	return 0;
}

/* ---- words ------------------------------------------------------------------------ */

static void
put_words(const struct sandbox *s, const char *user, char *buf, size_t cap)
{
	const struct sandbox_plan *p = &s->plan;

	snprintf(buf, cap, "%s%s%s%s%s%s", s->profile[0] != '\0' ? " seccomp=" : "",
	    s->profile, user[0] != '\0' ? " " : "", user,
	    p->no_new_privs ? " no-new-privs" : "",
	    p->read_only_root ? " read-only-root" : "");
	memmove(buf, buf + 1, strlen(buf));
}

const char *
sandbox_words_of(const struct sandbox *s, uint32_t uid, char *buf, size_t cap)
{
	char user[40] = "";

	buf[0] = '\0';
	if (s == NULL)
		return buf;
	if (s->plan.as_users)
		snprintf(user, sizeof(user), "user=%u:%u", uid, uid);
	else if (s->plan.as_user)
		snprintf(user, sizeof(user), "user=%u:%u", s->plan.uid, s->plan.gid);
	put_words(s, user, buf, cap);
	return buf;
}

static void
make_words(struct sandbox *s)
{
	char users[40];

	if (!s->plan.as_users) {
		(void)sandbox_words_of(s, 0, s->words, sizeof(s->words));
		return;
	}
	snprintf(users, sizeof(users), "users=%u-%u", s->users.first,
	    s->users.first + (uint32_t)s->users.n - 1);
	put_words(s, users, s->words, sizeof(s->words));
}

const char *
sandbox_words(const struct sandbox *s)
{
	return s != NULL ? s->words : "";
}

const char *
sandbox_profile(const struct sandbox *s)
{
	return s != NULL && s->profile[0] != '\0' ? s->profile : NULL;
}

/* ---- life ------------------------------------------------------------------------- */

/* Sealed: a runner that was taken over cannot change it for the next one. */
static int
publish(struct sandbox *s, struct reapq_error *err)
{
	/* gcc takes the address for that of the first member */
	const char *bytes = (const char *)s + offsetof(struct sandbox, plan);

	s->fd = memfd_create("sandbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (s->fd < 0 ||
	    write(s->fd, bytes, sizeof(s->plan)) != (ssize_t)sizeof(s->plan) ||
	    fcntl(s->fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		return error_sys(err, errno, "a memfd for the sandbox");
	return 0;
}

int
sandbox_new(
    struct sandbox **ret_s, const struct config *config, struct reapq_error *err)
{
	const struct sandbox_config *c = &config->sandbox;
	struct sandbox *s;
	int rc;

	*ret_s = NULL;
	if (!is_wanted(c))
		return 0;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return error_set(err, REAPQ_ENOMEM, "no memory for the sandbox");
	s->fd = -1;
	s->plan.no_new_privs = c->no_new_privs;
	if ((c->seccomp != NULL && (rc = take_profile(s, c->seccomp, err)) != 0) ||
	    (rc = take_users(s, config, err)) != 0 ||
	    (rc = take_writable(s, c, err)) != 0)
		goto fail;
	make_words(s);
	if ((rc = sandbox_probe(&s->plan, s->users.first, err)) != 0) {
		(void)error_wrap(err, rc,
		    "this host does not allow what was asked for (%s)", s->words);
		goto fail;
	}
	if ((rc = publish(s, err)) != 0)
		goto fail;
	*ret_s = s;
	return 0;
fail:
	sandbox_free(s);
	return rc;
}

void
sandbox_free(struct sandbox *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

int
sandbox_fd(const struct sandbox *s)
{
	return s != NULL ? s->fd : -1;
}

int
sandbox_take_user(struct sandbox *s, uint32_t *ret_uid, struct reapq_error *err)
{
	*ret_uid = 0;
	if (s == NULL || !s->plan.as_users)
		return 0;
	*ret_uid = sandbox_users_take(&s->users);
	return *ret_uid != 0
		   ? 0
		   : error_set(err, REAPQ_ESYS, "no user of --child-uids is free");
}

void
sandbox_give_user(struct sandbox *s, uint32_t uid)
{
	if (s != NULL && uid != 0)
		sandbox_users_give(&s->users, uid);
}

void
sandbox_kill_user(uint32_t uid)
{
	(void)sandbox_users_kill(uid);
}

/* ---- --check ------------------------------------------------------------------------ */

static void
check_row(const struct sandbox_plan *plan, const char *what, FILE *out)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int rc = sandbox_probe(plan, NOBODY, &err);

	isolation_probe_row(out, what, rc == 0, rc == 0 ? "" : err.msg);
}

int
sandbox_check(const struct config *config, FILE *out, struct reapq_error *err)
{
	static struct sandbox_plan filter;
	static const struct sandbox_plan as_user = {.as_users = true};
	static const struct sandbox_plan read_only = {.read_only_root = true};
	struct sandbox *s;
	int rc;

	filter.no_new_privs = true;
	check_row(&filter, "--no-new-privs", out);
	filter.filter[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0x7fff0000u);
	filter.filter_n = 1;
	check_row(&filter, "--seccomp", out);
	check_row(&as_user, "--child-user, --child-uids", out);
	check_row(&read_only, "--read-only-root", out);
	if ((rc = sandbox_new(&s, config, err)) != 0)
		return rc;
	fprintf(out, "sandbox: %s\n", s != NULL ? sandbox_words(s) : "off");
	sandbox_free(s);
	return 0;
}
