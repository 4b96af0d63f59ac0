/* no_symbol.c - loads well, but is no module: it defines no reapq_module. */
extern int no_symbol_here;
int no_symbol_here = 1;
