/*
 * model_buf.c - struct buf against an array that is large enough from the start.
 *
 * After every operation: the same bytes, the invariants, and that what failed changed
 * nothing.
 */
#include "model.h"

#include "buf.h"

#include <stdbool.h>
#include <string.h>

#define MODEL_MAX 40000u
#define ROUNDS 20
#define STEPS 400

static char model[MODEL_MAX];
static size_t model_len;

static void
check_same(const struct buf *b)
{
	MODEL_CHECK(b->len == model_len);
	MODEL_CHECK(b->len <= b->cap);
	MODEL_CHECK((b->data == NULL) == (b->cap == 0));
	MODEL_CHECK(model_len == 0 || memcmp(b->data, model, model_len) == 0);
}

static void
op_add(struct buf *b)
{
	char bytes[700];
	size_t len = model_below(sizeof(bytes));

	if (model_len + len > MODEL_MAX)
		return;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)model_u64();
	MODEL_CHECK(buf_add(b, bytes, len) == 0);
	memcpy(model + model_len, bytes, len);
	model_len += len;
}

static void
op_addf(struct buf *b)
{
	char text[600];
	int width = (int)model_below(500);
	int n = snprintf(text, sizeof(text), "%*d|", width, (int)model_u64());

	if (model_len + (size_t)n > MODEL_MAX)
		return;
	MODEL_CHECK(buf_addf(b, "%s", text) == 0);
	memcpy(model + model_len, text, (size_t)n);
	model_len += (size_t)n;
}

static void
op_str(struct buf *b)
{
	const char *text = buf_str(b);

	MODEL_CHECK(text && text == b->data && text[model_len] == '\0');
}

static void
op_reserve(struct buf *b)
{
	size_t more = model_below(3000), cap = b->cap;

	MODEL_CHECK(buf_reserve(b, more) == 0);
	MODEL_CHECK(b->cap - b->len >= more);
	MODEL_CHECK(b->cap >= cap);
	MODEL_CHECK(b->cap == cap || (b->cap & (b->cap - 1)) == 0);
}

static void
op_reserve_too_much(struct buf *b)
{
	struct buf before = *b;

	MODEL_CHECK(buf_reserve(b, SIZE_MAX - model_below(1 << 20)) == REAPQ_ENOMEM);
	MODEL_CHECK(
	    b->data == before.data && b->len == before.len && b->cap == before.cap);
}

static void
op_take(struct buf *b)
{
	size_t len = SIZE_MAX;
	char *data = buf_take(b, &len);

	MODEL_CHECK(len == model_len);
	MODEL_CHECK((data == NULL) == (model_len == 0));
	MODEL_CHECK(model_len == 0 || memcmp(data, model, model_len) == 0);
	MODEL_CHECK(b->cap == 0);
	free(data);
	model_len = 0;
}

static void
op_free(struct buf *b)
{
	buf_free(b);
	MODEL_CHECK(b->cap == 0);
	model_len = 0;
}

int
main(int argc, char **argv)
{
	struct buf b = {.data = NULL};

	model_seed(argc, argv);
	for (int round = 0; round < ROUNDS; round++) {
		for (int step = 0; step < STEPS; step++) {
			switch (model_below(40)) {
			case 0:
				op_take(&b);
				break;
			case 1:
				op_free(&b);
				break;
			case 2:
			case 3:
				op_reserve_too_much(&b);
				break;
			case 4:
			case 5:
			case 6:
				op_reserve(&b);
				break;
			case 7:
			case 8:
			case 9:
				op_str(&b);
				break;
			default:
				if (model_below(2))
					op_add(&b);
				else
					op_addf(&b);
			}
			check_same(&b);
		}
	}
	buf_free(&b);
	return 0;
}
