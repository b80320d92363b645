/* Breaks of a series as a trend shows them: a mark at the period, and a line below that says what changed. */
#ifndef BB_CLI_BREAKS_H
#define BB_CLI_BREAKS_H

#include "output.h"

#include "client/lib/backbone.h"

/* Lines for people. Zeroed memory may be released. */
struct bb_cli_breaks {
    char *text;
    size_t len;
    FILE *to;
    char last[32]; /* period of the last line: points of other groups say the same again */
};

/* Lines for the breaks of this point. 0 | -ENOMEM */
int bb_cli_breaks_add(struct bb_cli_breaks *breaks, const struct bb_point *point);
/* Print them behind an empty line. */
void bb_cli_breaks_print(struct bb_cli_breaks *breaks);
void bb_cli_breaks_release(struct bb_cli_breaks *breaks);

/* As json: [{"indicator":"count","version":2,"before":1,"sequence":7,"time":"...","changed":["unit"]}].
 * 0 | -ENOMEM */
int bb_cli_breaks_output(struct bb_output *output, size_t column, const struct bb_point *point);

#endif
