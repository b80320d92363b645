/* The text of a record of JSON, kept as one line: as it was written, but for line ends and the indentation
 * behind them, and with members added that stood elsewhere in the file. One thread. */
#ifndef BB_FORMATS_ONE_LINE_H
#define BB_FORMATS_ONE_LINE_H

#include "rawtext.h"

struct bb_one_line {
    struct bb_raw_keeper keeper;
    bool begun;    /* something of it is there */
    bool indented; /* behind a line end: blanks are left out */
    uint8_t held;  /* its last byte so far: what is added goes before it */
};

/* spool: borrowed; NULL: nothing is kept. */
void bb_one_line_init(struct bb_one_line *line, struct bb_spool *spool);
void bb_one_line_release(struct bb_one_line *line);

/* Begin the next one. */
void bb_one_line_begin(struct bb_one_line *line);
/* The next bytes of it; blanks and a comma in front of all are left out. */
void bb_one_line_take(struct bb_one_line *line, struct bb_bytes piece);
/* All was taken: put a member, "name":value, at the end of the object, if it is one. first: it has none yet.
 */
void bb_one_line_add(struct bb_one_line *line, struct bb_bytes member, bool first);

/* All of it, valid as long as bb_raw_keeper_row() says. 0 | -errno of the temporary file */
int bb_one_line_end(struct bb_one_line *line, struct bb_raw *ret_raw);

#endif
