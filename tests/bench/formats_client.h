/* The client of bench-formats: `backbone` as a process of its own, with what it took. */
#ifndef BENCH_FORMATS_CLIENT_H
#define BENCH_FORMATS_CLIENT_H

#include <stdbool.h>

struct formats_took {
    double seconds;     /* by the clock, start and end included */
    double cpu_seconds; /* user and system, all threads */
    double peak_mb;     /* resident */
};

/* The services of the sandbox get the other processors from now on, and what formats_run() starts the first
 * one. False: there is only one. */
bool formats_bind(void);

/* Run argv to its end, which has to be a success; its output goes to `log`. */
void formats_run(const char *const *argv, const char *log, struct formats_took *ret_took);

#endif
