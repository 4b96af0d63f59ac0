/*
 * deaths.h - ways to die, each a function that a handler and a command can call.
 *
 * The same code is in a module (module.c, handler "die") and in a program (main.c), so
 * that a row of the table says which of the two it is about. What worker/modules/faults
 * has already is not done again here.
 */
#ifndef DEATHS_H
#define DEATHS_H

#define DEATHS_RAW __attribute__((noinline, no_sanitize("undefined", "address")))

/* Returns only if it did not die: 0, or what the program exits with. argv ends with NULL
 * and holds what the way takes. */
typedef int death_fn(char **argv);

struct death {
	const char *name;
	death_fn *die;
};

/* Each ends with a NULL name. */
extern const struct death deaths_memory[], deaths_processes[], deaths_signals[];

/*
 * "[@MARK] NAME ARG...": opens and maps the file MARK, by which whoever looks at /proc
 * finds this process and all that it forks, and dies as NAME. -1: no such name.
 */
int deaths_run(char **argv);

/* The argument as a number; without one, fallback. */
long deaths_number(const char *text, long fallback);

/* Forks; exits with 99 where that is refused. */
int deaths_fork(void);

/* Waits for each child there is. */
void deaths_wait_all(void);

/* Tells the reader of a FIFO this process's pid. */
void deaths_tell_pid(const char *fifo);

_Noreturn void deaths_pause(void);

#endif
