/* import --explain: what becomes of each cell of the first rows, and why. Nothing is sent. */
#ifndef BB_CLI_EXPLAIN_ROWS_H
#define BB_CLI_EXPLAIN_ROWS_H

#include "cli.h"

#include "client/formats/source.h"

struct bb_explained_rows {
    struct bb_explain explain;
    struct bb_output *output; /* NULL: nobody is to be told */
    uint64_t last;            /* row that is told */
};

/* Who listens to a source that is opened with it: borrowed by it. */
const struct bb_explain *bb_explain_begin(struct bb_explained_rows *rows);

/* Print the steps of so many rows, and what they give. Returns an exit code: EX_DATAERR when one of them is
 * refused. */
int bb_explain_rows(struct bb_cli *cli, struct bb_source *source, struct bb_explained_rows *rows,
                    uint32_t most);

#endif
