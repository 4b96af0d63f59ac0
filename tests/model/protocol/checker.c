/*
 * checker.c - see checker.h. Owns the visited states, their hash table and the edges.
 *
 * States are compared as bytes. The search ends at the first violation, which breadth
 * first is one with the fewest steps. Out of memory ends the program.
 */
#include "checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct visit {
	const char *label;
	uint32_t from;
	int where;
};

static const struct checker_model *model;
static unsigned char *states;
static struct visit *visits;
static uint32_t *table, *edges; /* edges: from, to pairs of steps that are no faults */
static size_t states_n, states_cap, table_cap, edges_n, edges_cap;
static uint32_t current;
static const char *violation, *violation_label;
static int violation_where;

static void *
grow(void *p, size_t n, size_t size)
{
	p = realloc(p, n * size);
	if (!p) {
		fprintf(stderr, "checker: no memory for %zu states\n", states_n);
		exit(1);
	}
	return p;
}

static uint64_t
hash(const unsigned char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < model->size; i++)
		h = (h ^ s[i]) * UINT64_C(0x100000001b3);
	return h ^ (h >> 29);
}

static uint32_t *
slot_of(const unsigned char *s)
{
	size_t at = hash(s) & (table_cap - 1);
	while (table[at] && memcmp(states + (size_t)(table[at] - 1) * model->size, s,
				model->size) != 0)
		at = (at + 1) & (table_cap - 1);
	return &table[at];
}

static void
table_grow(void)
{
	free(table);
	table_cap = table_cap ? table_cap * 2 : 1024;
	table = grow(NULL, table_cap, sizeof *table);
	memset(table, 0, table_cap * sizeof *table);
	for (size_t i = 0; i < states_n; i++)
		*slot_of(states + i * model->size) = (uint32_t)i + 1;
}

static uint32_t
add(const void *s, const char *label, int where)
{
	uint32_t *slot;
	if (states_n * 2 >= table_cap)
		table_grow();
	slot = slot_of(s);
	if (*slot)
		return *slot - 1;
	if (states_n == states_cap) {
		states_cap = states_cap ? states_cap * 2 : 1024;
		states = grow(states, states_cap, model->size);
		visits = grow(visits, states_cap, sizeof *visits);
	}
	memcpy(states + states_n * model->size, s, model->size);
	visits[states_n] = (struct visit){label, current, where};
	*slot = (uint32_t)++states_n;
	return *slot - 1;
}

void
checker_emit(const void *next, const char *label, int where, bool fault)
{
	uint32_t to;
	if (violation) {
		if (!violation_label) {
			violation_label = label;
			violation_where = where;
		}
		return;
	}
	to = add(next, label, where);
	if (fault || to == current)
		return;
	if (edges_n == edges_cap) {
		edges_cap = edges_cap ? edges_cap * 2 : 4096;
		edges = grow(edges, edges_cap, 2 * sizeof *edges);
	}
	edges[2 * edges_n] = current;
	edges[2 * edges_n++ + 1] = to;
}

void
checker_violation(const char *what)
{
	if (!violation)
		violation = what;
}

static void
show_way(uint32_t at)
{
	uint32_t *way = grow(NULL, states_n, sizeof *way);
	size_t n = 0;
	for (; at; at = visits[at].from)
		way[n++] = at;
	while (n-- > 0)
		printf("    %s %d\n", visits[way[n]].label, visits[way[n]].where);
	if (violation_label)
		printf("    %s %d\n", violation_label, violation_where);
	free(way);
}

/* From the goals back over the edges, sorted by where they lead (counting sort). */
static bool
all_can_end(uint32_t *ret_stuck)
{
	uint32_t *first = grow(NULL, states_n + 2, sizeof *first);
	uint32_t *back = grow(NULL, edges_n + 1, sizeof *back);
	uint32_t *todo = grow(NULL, states_n, sizeof *todo);
	bool *can = grow(NULL, states_n, sizeof *can);
	size_t n = 0;
	memset(first, 0, (states_n + 2) * sizeof *first);
	for (size_t i = 0; i < edges_n; i++)
		first[edges[2 * i + 1] + 2]++;
	for (size_t i = 2; i < states_n + 2; i++)
		first[i] += first[i - 1];
	for (size_t i = 0; i < edges_n; i++)
		back[first[edges[2 * i + 1] + 1]++] = edges[2 * i];
	for (size_t i = 0; i < states_n; i++) {
		can[i] = model->goal(states + i * model->size);
		if (can[i])
			todo[n++] = (uint32_t)i;
	}
	while (n > 0) {
		uint32_t at = todo[--n];
		for (uint32_t i = first[at]; i < first[at + 1]; i++) {
			if (can[back[i]])
				continue;
			can[back[i]] = true;
			todo[n++] = back[i];
		}
	}
	for (*ret_stuck = 0; *ret_stuck < states_n && can[*ret_stuck];)
		++*ret_stuck;
	free(first);
	free(back);
	free(todo);
	free(can);
	return *ret_stuck == states_n;
}

const char *
checker_run(const struct checker_model *m, const void *first, bool show)
{
	unsigned char *s = grow(NULL, 1, m->size);
	uint32_t at = 0;
	model = m;
	free(table);
	table = NULL;
	states_n = edges_n = table_cap = 0;
	current = 0;
	violation = violation_label = NULL;
	(void)add(first, "start", 0);
	for (; at < states_n && !violation; at++) {
		current = at;
		memcpy(s, states + at * m->size, m->size);
		m->steps(s);
	}
	if (violation)
		at = current;
	else if (!all_can_end(&at))
		violation = "from here no future can settle without a further fault";
	if (violation && show)
		show_way(at);
	free(s);
	return violation;
}

size_t
checker_states(void)
{
	return states_n;
}

size_t
checker_edges(void)
{
	return edges_n;
}
