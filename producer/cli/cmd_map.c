/*
 * cmd_map.c - `reapq map`: one task a line of input, results as they end.
 *
 * One thread, one loop: print what has ended, submit what was read, then wait for
 * whichever comes first. Whoever interrupts it, or closes its output, wants no more:
 * what has not started is cancelled, what runs is left to end.
 */
#include "cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect.h"
#include "error.h"
#include "exits.h"
#include "feed.h"
#include "json.h"
#include "pump.h"
#include "ref.h"
#include "say.h"
#include "tally.h"
#include "target.h"
#include "text.h"

struct map {
	const struct options *opts;
	struct pump pump;
	struct feed feed;
	struct tally tally;
	int64_t
	    shown; /* how many, with --keep-order: a full queue takes them as it can */
	bool refused; /* the queue drains, so that not all was submitted */
};

static int
print_json(const struct item *item, const struct reapq_report *report)
{
	struct json j;

	json_start(&j);
	json_put_report(&j, report);
	json_put_bytes(
	    &j, "input", item->text.data ? item->text.data : "", item->text.len);
	return json_print(&j);
}

static void
print_bad(const struct item *item, const struct reapq_report *report)
{
	char name[REF_MAX], input[ITEM_INPUT_MAX];
	struct buf line = {0};
	struct buf plain = {0};
	const char *shown = NULL;

	if (buf_addf(&plain, "%s %s %s %s [%s]",
		ref_format(report->queue, report->id, name), report->verdict_name,
		report->certainty_name, report->message,
		item_input(item, input)) == 0 &&
	    text_clean(&line, plain.data, plain.len) == 0)
		shown = buf_str(&line);
	(void)fprintf(stderr, "%s\n", shown ? shown : report->id);
	buf_free(&line);
	buf_free(&plain);
}

static int
print_text(struct map *m, const struct item *item, const struct reapq_report *report)
{
	const char *result = report->result;
	size_t len = report->result_len;

	/* Order between the two streams matters where both are one terminal. */
	if (report->out_len > 0)
		(void)fwrite(report->out, 1, report->out_len, stdout);
	if (m->feed.handler && report->outcome == REAPQ_RETURNED) {
		if (len > 0)
			(void)fwrite(result, 1, len, stdout);
		if (len == 0 || result[len - 1] != '\n')
			(void)putchar('\n');
	}
	if (report->err_len > 0 || report->outcome != REAPQ_RETURNED) {
		int rc = say_flush();

		tally_clear(&m->tally);
		if (rc != 0)
			return rc;
	}
	if (report->err_len > 0)
		(void)fwrite(report->err, 1, report->err_len, stderr);
	if (report->outcome != REAPQ_RETURNED && !m->opts->summary)
		print_bad(item, report);
	return ferror(stdout) ? say_flush() : 0;
}

/* Prints it and forgets it. */
static int
settle(struct map *m, struct item *item)
{
	const struct reapq_report *report = reapq_future_report(item->future);
	int rc;

	if (m->tally.shared)
		tally_clear(&m->tally);
	rc = m->opts->json ? print_json(item, report) : print_text(m, item, report);
	item_remove(&m->feed.open, item);
	item_free(item);
	return rc;
}

/* The next one that has ended; NULL: there is none now. */
static int
next_ended(struct map *m, struct item **ret_item, struct reapq_error *err)
{
	struct reapq_error why = REAPQ_ERROR_INIT;
	struct reapq_future *future;
	int rc = reapq_set_next(m->feed.set, 0, &future, &why);

	*ret_item = rc == 0 ? reapq_future_user(future) : NULL;
	if (rc == 0 || rc == REAPQ_ETIMEDOUT || rc == REAPQ_EEMPTY)
		return 0;
	*err = why;
	return rc;
}

/* Everything that has ended and may be printed now. */
static int
drain(struct map *m, struct reapq_error *err)
{
	char input[ITEM_INPUT_MAX];
	struct item *item;
	int rc = next_ended(m, &item, err);

	while (rc == 0 && item) {
		item->ended = true;
		feed_ended(&m->feed);
		tally_add(&m->tally, reapq_future_report(item->future),
		    item_input(item, input));
		if (!m->opts->keep_order)
			rc = settle(m, item);
		if (rc == 0)
			rc = next_ended(m, &item, err);
	}
	while (rc == 0 && m->opts->keep_order && m->feed.open.first &&
	       m->feed.open.first->ended &&
	       (m->refused || m->feed.open.first->number == m->shown)) {
		m->shown++;
		rc = settle(m, m->feed.open.first);
	}
	return rc;
}

/* Last first: those at the head of the queue are about to start anyway. */
static void
cancel_queued(struct map *m)
{
	size_t cancelled = 0, left = 0;

	if (patience_away(&m->pump.patience)) {
		say_line("stopped while Redis is away: none of %zu open tasks is "
			 "cancelled",
		    m->feed.open.n);
		return;
	}
	for (struct item *item = m->feed.open.last; item; item = item->prev) {
		struct reapq_error err = REAPQ_ERROR_INIT;
		int rc;

		if (item->ended)
			continue;
		rc = reapq_future_cancel(item->future, 0, &err);
		if (rc == REAPQ_ECONN) {
			say_error(&err);
			break;
		}
		cancelled += rc == 0;
		left += rc != 0;
	}
	say_line("stopped: %zu queued tasks cancelled, %zu running or ended just now",
	    cancelled, left);
}

static int
sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

/* Waits for the next thing to happen. */
static int
idle(struct map *m, struct reapq_error *err)
{
	int input = feed_is_hungry(&m->feed) ? m->feed.lines.fd : -1;
	int wait_ms =
	    sooner(feed_wait_ms(&m->feed), m->tally.live ? TALLY_TICK_MS : -1);
	int events;
	int rc = pump_turn(&m->pump, input, wait_ms, &events, err);

	if (rc == 0 && (events & PUMP_INPUT))
		rc = lines_read(&m->feed.lines, err);
	return rc;
}

/* What is in the queue goes on, and is waited for; the rest was never submitted. */
static int
stop_feeding(struct map *m, struct reapq_error *err)
{
	say_line("%s; %" PRId64
		 " tasks were submitted before, the rest of the input is "
		 "left",
	    err->msg, m->feed.submitted);
	*err = (struct reapq_error)REAPQ_ERROR_INIT;
	m->refused = true;
	return 0;
}

/* Goes on until all has ended. The exit status; a failure's message is in err. */
static int
work(struct map *m, struct reapq_error *err)
{
	for (;;) {
		size_t stored = 0;
		int rc = drain(m, err);

		if (rc == 0 && pump_signal())
			return EXITS_SIGNAL + pump_signal();
		if (rc == 0)
			rc = feed_more(&m->feed, &stored, err);
		if (rc == REAPQ_EDRAINING)
			rc = stop_feeding(m, err);
		if (rc != 0)
			return EXITS_REAPQ;
		m->tally.submitted = m->feed.submitted;
		m->tally.complete = feed_is_done(&m->feed);
		tally_show(&m->tally);
		if (stored > 0)
			continue;
		if (m->tally.complete && m->feed.open.n == 0 && m->refused)
			return EXITS_REAPQ;
		if (m->tally.complete && m->feed.open.n == 0)
			return m->tally.ended == m->tally.returned ? EXITS_OK
								   : EXITS_NOT_ALL;
		rc = say_flush();
		if (rc != 0)
			return rc;
		if (idle(m, err) < 0)
			return EXITS_REAPQ;
	}
}

static int
map_with(struct map *m)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	int status, rc;

	if (reapq_set_new(&m->feed.set, m->feed.client, &err) < 0 ||
	    pump_init(&m->pump, m->feed.client, &err) < 0) {
		say_error(&err);
		reapq_set_free(m->feed.set);
		return EXITS_REAPQ;
	}
	m->feed.patience = &m->pump.patience;
	tally_init(&m->tally, m->opts->progress);
	status = work(m, &err);
	rc = say_flush();
	tally_clear(&m->tally);
	if (status == EXITS_REAPQ && err.code == REAPQ_ECONN)
		say_line("%s; of %zu open tasks it is not known whether they have "
			 "ended",
		    err.msg, m->feed.open.n);
	else if (status == EXITS_REAPQ && err.code < 0)
		say_error(&err);
	if (status >= EXITS_REAPQ && err.code != REAPQ_ECONN && m->feed.open.n > 0)
		cancel_queued(m);
	if (m->opts->summary)
		tally_summary(&m->tally);
	tally_free(&m->tally);
	feed_free(&m->feed);
	reapq_set_free(m->feed.set);
	pump_free(&m->pump);
	return status ? status : rc;
}

static int
check(const struct options *opts, struct map *m, struct reapq_error *err)
{
	int64_t max = opts->payload_max ? opts->payload_max : REAPQ_PAYLOAD_MAX;

	m->opts = m->feed.opts = opts;
	m->feed.lines = (struct lines){.fd = STDIN_FILENO, .max_len = max};
	if (opts->command) {
		m->feed.template = (struct template){.args = opts->args,
		    .args_n = opts->args_n,
		    .chunked = opts->chunk > 1};
		if (opts->args_n == 0)
			return error_set(err, REAPQ_EINVAL, "no command after --");
		return template_check(&m->feed.template, err);
	}
	if (opts->args_n == 0)
		return error_set(err, REAPQ_EINVAL, "no handler and no command");
	if (opts->args_n > 1)
		return error_set(err, REAPQ_EINVAL,
		    "\"%.100s\" is one argument too many; a command stands after --",
		    opts->args[1]);
	m->feed.handler = opts->args[0];
	return target_name(opts, opts->args[0], err);
}

static int
map(const struct options *opts)
{
	struct reapq_error err = REAPQ_ERROR_INIT;
	struct map *m = calloc(1, sizeof *m);
	int rc;

	if (!m) {
		say_line("no memory");
		return EXITS_REAPQ;
	}
	if (check(opts, m, &err) < 0)
		rc = cmd_misused(&cmd_map, "%s", err.msg);
	else
		rc = connect_open(opts, &m->feed.client);
	if (rc == 0) {
		rc = map_with(m);
		reapq_client_free(m->feed.client);
	}
	free(m);
	return rc;
}

const struct cmd cmd_map = {
    .name = "map",
    .usage = "(HANDLER | -- COMMAND [ARG]...)",
    .summary = "Submit one task a line of input, print results as they end",
    .details =
	"A handler's payload is the line; in a command, every {} is replaced by it, "
	"or\n"
	"it comes last. With --chunk N it is N lines: joined for a handler, arguments "
	"of\n"
	"their own for a command. Prints results, or the output of the commands; one\n"
	"that did not return has a line on standard error, or in the summary. An\n"
	"interrupt cancels what has not started.\n\n"
	"Exit status: 0 all returned; 1 some did not; 125 reapq failed; 130 "
	"interrupted;\n"
	"2 bad usage.",
    .groups = FLAGS_LIMITS | FLAGS_POLICY | FLAGS_EXEC | FLAGS_JSON | FLAGS_MAP,
    .style = OPTIONS_ANYWHERE,
    .run = map,
};
