/* An entry of the audit log as it is printed: a row of columns, a line for people who watch, or as it is. */
#ifndef BB_CLI_AUDIT_ENTRY_H
#define BB_CLI_AUDIT_ENTRY_H

#include "cli.h"

enum bb_audit_style {
    BB_AUDIT_ROWS,  /* of the output */
    BB_AUDIT_RAW,   /* as it is in the log: what is printed can be checked again */
    BB_AUDIT_PLAIN, /* a line for people */
};

extern const struct bb_output_column bb_audit_columns[];
extern const size_t bb_audit_n_columns;

/* output: for rows; else NULL. 0 | -EBADMSG it is none */
int bb_audit_print(enum bb_audit_style style, struct bb_output *output, struct bb_text line);

#endif
