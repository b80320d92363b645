#include "options.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define DESCRIPTORS 65536u /* of one process, if we may */

double
bench_number(struct argp_state *state, const char *text, double least, double most)
{
    char *end;
    double found = strtod(text, &end);

    if (*end || end == text || !(found >= least && found <= most))
        argp_error(state, "found '%s', expected a number from %g to %g", text, least, most);
    return found;
}

char *
bench_list_case(char *list, const char *name, const char *what)
{
    char *longer;

    if (asprintf(&longer, "%s  %-12s %s\n", list ? list : "Cases:\n", name, what) < 0)
        err(71, "out of memory");
    free(list);
    return longer;
}

/* Without the right to more, what there is has to do. */
void
bench_raise_limit(void)
{
    struct rlimit limit, more = {.rlim_cur = DESCRIPTORS, .rlim_max = DESCRIPTORS};

    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max >= DESCRIPTORS || setrlimit(RLIMIT_NOFILE, &more) != 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
