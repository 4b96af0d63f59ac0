/*
 * model_wire.c - what is encoded is what is decoded, field by field, for random tasks,
 * reports and workers; and random damage to the bytes is refused or understood, never
 * half of each.
 *
 * "Understood" means: encoding what was decoded, and decoding that, gives the same.
 * Fields are compared as text, see wire_text.h.
 */
#include "model.h"

#include "wire.h"

#include "../unit/wire_text.h"

#include <stdbool.h>

#define ROUNDS 800
#define MUTANTS 12
#define LIST_MAX 6

/* Strings of one round; all are gone with the next. */
static char pool[1 << 16];
static size_t pool_len;

/* Of up to most bytes but NUL, any of them or plain letters. */
static const char *
text(size_t least, size_t most)
{
	size_t len = least + model_below(most - least + 1);
	bool plain = model_below(2) == 0;
	char *s = pool + pool_len;

	MODEL_CHECK(pool_len + len + 1 <= sizeof(pool));
	for (size_t i = 0; i < len; i++)
		s[i] = (char)(plain ? 'a' + model_below(26) : 1 + model_below(255));
	s[len] = '\0';
	pool_len += len + 1;
	return s;
}

static const char *
text_or_null(size_t most)
{
	return model_below(2) == 0 ? NULL : text(0, most);
}

/* Half of them on an edge of what the format or the type holds. */
static int64_t
integer(int64_t min, int64_t max)
{
	static const int64_t edges[] = {-1, 0, 1, 127, 128, 255, 256, 65535, 65536, -32,
	    -33, -128, -129, -32768, -32769, INT32_MAX, INT32_MIN, UINT32_MAX,
	    (int64_t)UINT32_MAX + 1, INT64_MAX, INT64_MIN};
	int64_t value;

	if (model_below(2) == 0)
		value = edges[model_below(sizeof(edges) / sizeof(edges[0]))];
	else
		value = (int64_t)(model_u64() >> model_below(64));
	return value < min || value > max ? min : value;
}

static int
any_int(void)
{
	return (int)integer(INT32_MIN, INT32_MAX);
}

static int64_t
any_int64(void)
{
	return integer(INT64_MIN, INT64_MAX);
}

static int
flag(void)
{
	return model_below(2) == 0;
}

static void
bytes(const void **ret_data, size_t *ret_len)
{
	size_t len = model_below(600);
	char *p = pool + pool_len;

	if (model_below(3) == 0)
		return;
	MODEL_CHECK(pool_len + len <= sizeof(pool));
	for (size_t i = 0; i < len; i++)
		p[i] = (char)model_u64();
	pool_len += len;
	*ret_data = p;
	*ret_len = len;
}

static void
random_limits(struct reapq_limits *l)
{
	for (unsigned i = 0; i < LIMIT_N; i++)
		if (model_below(2) == 0)
			limit_set(l, (enum limit_index)i, any_int64());
}

static void
random_exec(struct wire_task *t)
{
	static const char *argv[LIST_MAX + 1], *env[LIST_MAX + 1];
	size_t argc = 1 + model_below(LIST_MAX), envc = model_below(LIST_MAX + 1);

	t->handler = REAPQ_HANDLER_EXEC;
	for (size_t i = 0; i < argc; i++)
		argv[i] = text(0, 40);
	argv[argc] = NULL;
	t->argv = argv;
	for (size_t i = 0; i < envc; i++) {
		const char *name = text(1, 10);

		/* The NUL between them, and any '=' of the name, is the sign. */
		pool_len--;
		*(pool + pool_len++) = '=';
		(void)text(0, 30);
		env[i] = *name == '=' ? "A=" : name;
	}
	env[envc] = NULL;
	if (flag())
		t->env = env;
	t->cwd = text_or_null(30);
}

static struct wire_task
random_task(void)
{
	static const char id_chars[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	struct wire_task t = {.max_attempts = 1};
	char *id = pool + pool_len;
	size_t id_len = 1 + model_below(REAPQ_ID_MAX);

	for (size_t i = 0; i < id_len; i++)
		id[i] = id_chars[model_below(sizeof(id_chars) - 1)];
	id[id_len] = '\0';
	pool_len += id_len + 1;
	t.id = id;
	t.handler = text(1, REAPQ_HANDLER_MAX);
	if (flag() || strcmp(t.handler, REAPQ_HANDLER_EXEC) == 0)
		random_exec(&t);
	bytes(&t.payload, &t.payload_len);
	if (flag())
		random_limits(&t.limits);
	t.tag = text_or_null(REAPQ_TAG_MAX);
	t.submitted_ms = integer(0, INT64_MAX);
	t.max_attempts = (int)integer(1, INT32_MAX);
	t.retry_delay_ms = integer(0, INT64_MAX);
	t.retry_on = text_or_null(40);
	t.oom_factor = (int)integer(0, INT32_MAX);
	t.oom_step = integer(0, INT64_MAX);
	t.oom_raised = (int)integer(0, INT32_MAX);
	t.oom_queue = text_or_null(40);
	return t;
}

static void
random_names(struct reapq_report *r)
{
	r->outcome = (enum reapq_outcome)model_below(REAPQ_OUTCOME_COUNT);
	r->verdict = (enum reapq_verdict)model_below(REAPQ_VERDICT_COUNT);
	r->certainty = (enum reapq_certainty)model_below(REAPQ_CERTAINTY_COUNT);
	r->outcome_name = reapq_outcome_name(r->outcome);
	r->verdict_name = reapq_verdict_name(r->verdict);
	r->certainty_name = reapq_certainty_name(r->certainty);
	/* From the future: no word of ours has an X. */
	if (r->outcome == REAPQ_OUTCOME_OTHER && flag())
		r->outcome_name = "X outcome";
	if (r->verdict == REAPQ_V_OTHER && flag())
		r->verdict_name = "X verdict";
	if (r->certainty == REAPQ_UNKNOWN && flag())
		r->certainty_name = "X certainty";
}

static void
random_signal(struct reapq_signal *s)
{
	s->number = any_int();
	s->name = s->number != 0 ? text(1, 10) : "";
	s->code = any_int();
	s->code_name = text_or_null(10);
	s->has_fault_address = flag();
	s->fault_address = s->has_fault_address ? model_u64() >> model_below(64) : 0;
	s->sender_pid = any_int64();
}

static void
random_usage(struct reapq_usage *u)
{
	int64_t *numbers[] = {&u->wall_ms, &u->user_ms, &u->system_ms, &u->peak_memory,
	    &u->minor_faults, &u->major_faults, &u->block_in, &u->block_out,
	    &u->voluntary_switches, &u->involuntary_switches};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = flag() ? -1 : any_int64();
	u->memory_source = text_or_null(20);
}

static void
random_lists(struct reapq_report *r)
{
	static struct reapq_evidence evidence[LIST_MAX];
	static struct reapq_frame frames[LIST_MAX];

	r->evidence = evidence;
	r->evidence_count = model_below(LIST_MAX + 1);
	for (size_t i = 0; i < r->evidence_count; i++)
		evidence[i] = (struct reapq_evidence){
		    text(0, 10), text(0, 10), text_or_null(10), text_or_null(10)};
	r->backtrace = frames;
	r->backtrace_count = model_below(LIST_MAX + 1);
	for (size_t i = 0; i < r->backtrace_count; i++)
		frames[i] = (struct reapq_frame){text(0, 20),
		    model_u64() >> model_below(64), text_or_null(20), text_or_null(20),
		    any_int(), text_or_null(40)};
}

/* The report's own attempt is the last, as the decoder makes it. */
static void
random_attempts(struct reapq_report *r)
{
	static struct reapq_attempt list[LIST_MAX + 1];
	size_t n = model_below(LIST_MAX + 1);

	for (size_t i = 0; i < n; i++)
		list[i] = (struct reapq_attempt){any_int(), text(0, 10), text(0, 10),
		    text(0, 30), text(0, 10), any_int64(), any_int64(), flag(),
		    any_int64()};
	if (r->attempt != 0)
		list[n++] = (struct reapq_attempt){r->attempt, r->verdict_name,
		    r->certainty_name, r->message, r->worker, r->started_ms,
		    r->ended_ms, 0, r->limits.memory > 0 ? r->limits.memory : 0};
	r->attempts = list;
	r->attempts_count = n;
}

static struct reapq_report
random_report(void)
{
	struct reapq_report r = {.size = sizeof(r)};

	r.id = text(0, 30);
	r.queue = text(0, 30);
	r.handler = text(0, 30);
	r.tag = text_or_null(300);
	random_names(&r);
	r.message = text(0, 300);
	random_lists(&r);
	bytes(&r.result, &r.result_len);
	bytes(&r.out, &r.out_len);
	bytes(&r.err, &r.err_len);
	r.out_truncated = flag();
	r.err_truncated = flag();
	r.exit_status = any_int();
	random_signal(&r.signal);
	r.core_dumped = flag();
	random_limits(&r.limits);
	random_usage(&r.usage);
	r.attempt = any_int();
	r.max_attempts = any_int();
	r.worker = text(0, 30);
	r.host = text(0, 30);
	r.pid = any_int64();
	r.isolation = text(0, 30);
	r.hardening = text(0, 30);
	r.leftover_processes = any_int();
	r.submitted_ms = any_int64();
	r.started_ms = any_int64();
	r.ended_ms = any_int64();
	r.moved_to = text_or_null(40);
	random_attempts(&r);
	return r;
}

static struct wire_worker
random_worker(void)
{
	struct wire_worker w = {text(0, 20), text(0, 20), text(0, 20), text(0, 20),
	    text(0, 20), text(0, 20), text(0, 20), any_int64(), any_int64(),
	    any_int64(), any_int64(), any_int64(), (int64_t)(any_int64() & INT64_MAX)};

	return w;
}

/* Decodes, and encodes again into *again. NULL: refused, else the line: free() it. */
typedef char *decode_fn(const void *data, size_t len, struct buf *again);

static char *
decode_task(const void *data, size_t len, struct buf *again)
{
	struct wire_box box = {0};
	struct wire_task task;
	char *line;

	if (wire_task_decode(data, len, &box, &task, NULL) < 0)
		return NULL;
	line = wire_text_task(&task);
	MODEL_CHECK(wire_task_encode(&task, again, NULL) == 0);
	wire_box_free(&box);
	return line;
}

static char *
decode_report(const void *data, size_t len, struct buf *again)
{
	struct wire_box box = {0};
	struct reapq_report report;
	char *line;

	if (wire_report_decode(data, len, &box, &report, NULL) < 0)
		return NULL;
	line = wire_text_report(&report);
	MODEL_CHECK(wire_text_encode_report(&report, again, NULL) == 0);
	wire_box_free(&box);
	return line;
}

static char *
decode_worker(const void *data, size_t len, struct buf *again)
{
	struct wire_box box = {0};
	struct wire_worker worker;
	char *line;

	if (wire_worker_decode(data, len, &box, &worker, NULL) < 0)
		return NULL;
	line = wire_text_worker(&worker);
	MODEL_CHECK(wire_worker_encode(&worker, again, NULL) == 0);
	wire_box_free(&box);
	return line;
}

/* 1 if the bytes were understood. In a block of just their size: a read past it shows. */
static int
check_bytes(decode_fn *decode, const struct buf *in)
{
	struct buf again = {0}, third = {0};
	char *copy = malloc(in->len > 0 ? in->len : 1), *line, *line_again;

	MODEL_CHECK(copy != NULL);
	if (in->len > 0)
		memcpy(copy, in->data, in->len);
	line = decode(copy, in->len, &again);
	free(copy);
	if (line) {
		line_again = decode(again.data, again.len, &third);
		MODEL_CHECK(line_again != NULL);
		MODEL_CHECK(strcmp(line, line_again) == 0);
		MODEL_CHECK(again.len == third.len &&
			    memcmp(again.data, third.data, again.len) == 0);
		free(line_again);
	}
	free(line);
	buf_free(&again);
	buf_free(&third);
	return line != NULL;
}

static void
mutate(struct buf *b)
{
	size_t at = model_below(b->len), n = 1 + model_below(8);
	char slice[16];

	if (n > b->len - at)
		n = b->len - at;
	switch (model_below(5)) {
	case 0: /* one bit */
		b->data[at] = (char)(b->data[at] ^ (1 << model_below(8)));
		break;
	case 1: /* any byte; high ones are MessagePack's types */
		b->data[at] = (char)(0x80 | model_below(128));
		break;
	case 2: /* some bytes gone */
		memmove(b->data + at, b->data + at + n, b->len - at - n);
		b->len -= n;
		break;
	case 3: /* some bytes twice */
		memcpy(slice, b->data + at, n);
		MODEL_CHECK(buf_reserve(b, n) == 0);
		memmove(b->data + at + n, b->data + at, b->len - at);
		memcpy(b->data + at, slice, n);
		b->len += n;
		break;
	default: /* an element's neighbour: small steps change types and lengths */
		b->data[at] = (char)(b->data[at] + (flag() ? 1 : -1));
		break;
	}
}

/* line: of what was encoded into in. Frees both. Returns how many mutants passed. */
static int
check_message(decode_fn *decode, struct buf *in, char *line)
{
	struct buf again = {0}, mutant = {0};
	char *decoded = decode(in->data, in->len, &again);
	int understood = 0;

	MODEL_CHECK(decoded != NULL);
	MODEL_CHECK(strcmp(line, decoded) == 0);
	MODEL_CHECK(again.len == in->len && memcmp(again.data, in->data, in->len) == 0);
	for (int i = 0; i < MUTANTS; i++) {
		mutant.len = 0;
		MODEL_CHECK(buf_add(&mutant, in->data, in->len) == 0);
		for (size_t n = 1 + model_below(3); n > 0 && mutant.len > 0; n--)
			mutate(&mutant);
		understood += check_bytes(decode, &mutant);
	}
	free(decoded);
	free(line);
	buf_free(&again);
	buf_free(&mutant);
	buf_free(in);
	return understood;
}

int
main(int argc, char **argv)
{
	int understood = 0;

	model_seed(argc, argv);
	for (int i = 0; i < ROUNDS; i++) {
		struct buf in = {0};
		struct wire_task task;
		struct reapq_report report;
		struct wire_worker worker;

		pool_len = 0;
		task = random_task();
		MODEL_CHECK(wire_task_encode(&task, &in, NULL) == 0);
		understood += check_message(decode_task, &in, wire_text_task(&task));
		pool_len = 0;
		report = random_report();
		MODEL_CHECK(wire_text_encode_report(&report, &in, NULL) == 0);
		understood +=
		    check_message(decode_report, &in, wire_text_report(&report));
		pool_len = 0;
		worker = random_worker();
		MODEL_CHECK(wire_worker_encode(&worker, &in, NULL) == 0);
		understood +=
		    check_message(decode_worker, &in, wire_text_worker(&worker));
	}
	/* Else the mutants test nothing but the skim. */
	MODEL_CHECK(understood > ROUNDS);
	printf("%d of %d mutants understood\n", understood, 3 * ROUNDS * MUTANTS);
	return 0;
}
