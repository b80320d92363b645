/* One row from the command line, and what becomes of it: report, readings correct, readings withdraw.
 *
 * A field that is an option has the field's name, and the key BB_ONE_ROW_KEY(column). */
#ifndef BB_CLI_ONE_ROW_H
#define BB_CLI_ONE_ROW_H

#include "cli.h"
#include "why.h"

struct bb_one_row {
    struct bb_row_text row;
    struct bb_why why;
};

#define BB_ONE_ROW_KEY(column) (0x200 + (column)) /* enum bb_column */

/* A parser's case of these keys, and of those of why.h. Only a comment may be empty; what is said twice has
 * to be the same. */
error_t bb_one_row_parse(int key, char *arg, const struct argp_state *state, struct bb_one_row *one);
/* At the end of the arguments: leaves with EX_USAGE without an indicator, or without a period. */
void bb_one_row_check(const struct bb_one_row *one, const struct argp_state *state);

/* Send it, and print its outcome. Returns an exit code, the reason said. */
int bb_one_row_send(struct bb_cli *cli, const struct bb_one_row *one);

#endif
