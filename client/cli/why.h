/* Why something is said anew: --reason CODE and --note TEXT, of report, readings correct and withdraw, import
 * and batch undo. Judged when they are parsed, so before anything is sent. */
#ifndef BB_CLI_WHY_H
#define BB_CLI_WHY_H

#include <argp.h>

struct bb_why {
    const char *reason, *note; /* NULL: not said */
};

enum { BB_WHY_REASON = 0x2c0, BB_WHY_NOTE };

/* A parser's case of these keys: leaves with EX_USAGE, or 0 | ARGP_ERR_UNKNOWN */
error_t bb_why_parse(int key, char *arg, const struct argp_state *state, struct bb_why *why);

#endif
