/*
 * checker.h - visits every state of a model, once each, breadth first.
 *
 * The model is a fixed-size state without padding, a function that emits each successor,
 * and a goal. A violation is printed with the shortest way to it. After the visit, every
 * state must be able to reach the goal over steps that are no faults: nothing hangs.
 */
#ifndef TESTS_CHECKER_H
#define TESTS_CHECKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct checker_model {
	size_t size;
	void (*steps)(const void *state); /* calls checker_emit() for each successor */
	bool (*goal)(const void *state);
};

/* label: a string constant; where: a number that is printed beside it. */
void checker_emit(const void *next, const char *label, int where, bool fault);
/* The step under way is wrong; the first violation stays. */
void checker_violation(const char *what);
/* NULL, or what was violated. show: print the way to it. */
const char *checker_run(
    const struct checker_model *model, const void *first, bool show);
size_t checker_states(void);
size_t checker_edges(void);

#endif
