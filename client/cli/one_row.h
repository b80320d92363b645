/* Send one row, and print what became of it: report, readings correct, readings withdraw. */
#ifndef BB_CLI_ONE_ROW_H
#define BB_CLI_ONE_ROW_H

#include "cli.h"

/* reason and note: why it says something anew; NULL: not said. Returns an exit code, the reason said. */
int bb_one_row_send(struct bb_cli *cli, const struct bb_row_text *row, const char *reason, const char *note);

/* Give the submission what --reason and --note say. 0 | EX_USAGE, the reason said */
int bb_cli_reason(struct bb_submission *submission, const char *reason, const char *note);

#endif
