/*
 * dead_act.c - retries or removes dead tasks, by id or by what the flags ask for.
 *
 * Of all, page by page: each page is acted on before the next is read, and what dies
 * again meanwhile is not on a later page.
 */
#include "dead_act.h"

#include <stdio.h>
#include <stdlib.h>

#include "dead_pick.h"
#include "exits.h"
#include "ref.h"
#include "say.h"

struct count {
	size_t done, unfit, failed;
};

static int
call(struct reapq_client *client, const char *queue, enum dead_act act,
    const struct reapq_dead_info *list, size_t n, struct reapq_error *errs,
    struct reapq_error *err)
{
	return act == DEAD_RETRY ? reapq_dead_retry(client, queue, list, n, errs, err)
				 : reapq_dead_remove(client, queue, list, n, errs, err);
}

static void
print_id(enum dead_act act, const char *queue, const char *id)
{
	char name[REF_MAX];

	if (act == DEAD_RETRY)
		(void)puts(ref_format(queue, id, name));
}

static int
act_on_one(struct reapq_client *client, enum dead_act act, const struct ref *ref,
    struct reapq_error *err)
{
	struct reapq_dead *dead;
	int rc = reapq_dead_look(client, ref->queue, ref->id, &dead, err);

	if (rc < 0)
		return rc;
	rc = call(client, ref->queue, act, reapq_dead_info(dead), 1, NULL, err);
	reapq_dead_free(dead);
	/* Somebody else took it off between the two calls. */
	return rc == REAPQ_ENOENT && act == DEAD_REMOVE ? 0 : rc;
}

int
dead_act_ids(const struct options *opts, struct reapq_client *client, enum dead_act act,
    const char *const *ids, size_t n)
{
	int status = EXITS_OK;

	for (size_t i = 0; i < n && status != EXITS_REAPQ; i++) {
		struct reapq_error err = REAPQ_ERROR_INIT;
		struct ref ref;
		int rc = ref_parse(ids[i], opts->queue, &ref, &err);

		if (rc == 0)
			rc = act_on_one(client, act, &ref, &err);
		if (rc == 0) {
			print_id(act, ref.queue, ref.id);
			continue;
		}
		say_error(&err);
		status =
		    rc == REAPQ_ENOENT || rc == REAPQ_ETOOLATE || rc == REAPQ_EINVAL
			? EXITS_NOT_ALL
			: EXITS_REAPQ;
	}
	return status;
}

/* 0, or an exit status. */
static int
act_on_page(const struct options *opts, struct reapq_client *client, enum dead_act act,
    const struct reapq_dead_info *list, size_t n, struct count *count)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct reapq_error *errs = calloc(n + 1, sizeof *errs);
	int rc = EXITS_OK;

	if (!errs) {
		say_line("no memory");
		return EXITS_REAPQ;
	}
	(void)call(client, opts->queue, act, list, n, errs, &err);
	for (size_t i = 0; i < n; i++) {
		if (errs[i].code == 0) {
			count->done++;
			print_id(act, opts->queue, list[i].id);
		} else if (errs[i].code == REAPQ_EINVAL) {
			count->unfit++;
		} else if (errs[i].code == REAPQ_ETOOLATE) {
			count->failed++;
			say_error(&errs[i]);
		} else if (errs[i].code != REAPQ_ENOENT) {
			rc = EXITS_REAPQ;
		}
	}
	if (rc != EXITS_OK)
		say_error(&err);
	free(errs);
	return rc;
}

int
dead_act_all(const struct options *opts, struct reapq_client *client, enum dead_act act)
{
	struct count count = {0};
	struct dead_pick pick;
	int rc = EXITS_OK;

	dead_pick_init(&pick, opts, client);
	while (rc == EXITS_OK && !pick.over) {
		struct reapq_dead_info *list;
		size_t n;

		rc = dead_pick_next(&pick, &list, &n);
		if (rc != EXITS_OK)
			break;
		if (n > 0)
			rc = act_on_page(opts, client, act, list, n, &count);
		reapq_dead_list_free(list, n);
	}
	say_line("%zu %s of queue %s", count.done,
	    act == DEAD_RETRY ? "put back into their queue, from the dead list"
			      : "taken off the dead list",
	    opts->queue);
	if (count.unfit > 0)
		say_line("%zu more cannot be run again: unreadable, or too large to "
			 "have been kept",
		    count.unfit);
	return rc == EXITS_OK && count.failed > 0 ? EXITS_NOT_ALL : rc;
}
