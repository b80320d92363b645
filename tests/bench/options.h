/* What the benchmarks' command lines share. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <argp.h>

/* A number of the command line; another one ends the benchmark. */
double bench_number(struct argp_state *state, const char *text, double least, double most);

/* One more case in the list that --help ends with; NULL begins it. Returns the list, to be freed. */
char *bench_list_case(char *list, const char *name, const char *what);

/* As many descriptors as we may have: thousands of connections, on both sides. */
void bench_raise_limit(void);

#endif
