/* Rows of bars below a table: the values of each group, in the order in which they came. */
#ifndef BB_CLI_BARS_H
#define BB_CLI_BARS_H

#include <stddef.h>

#define BB_BARS_GROUPS 24u /* that are shown */

struct bb_bar {
    char *group; /* NULL: there are no groups */
    char *value; /* NULL: none */
};

/* Zeroed, it is empty. */
struct bb_bars {
    struct bb_bar *bar;
    size_t n, size;
};

/* All have a group, or none has. Texts are copied. 0 | -ENOMEM */
int bb_bars_add(struct bb_bars *bars, const char *group, const char *value);
void bb_bars_release(struct bb_bars *bars);

/* On standard output, behind an empty line; nothing where there is nothing to draw. */
void bb_bars_print(const struct bb_bars *bars);

#endif
