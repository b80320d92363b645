/* Lines of a text: LF, CRLF or CR ends them. A line that is too long is counted, not kept. */
#ifndef BB_FORMATS_LINES_H
#define BB_FORMATS_LINES_H

#include "feed.h"
#include "rawtext.h"

#define BB_LINE_BYTES (256u << 10)

struct bb_line {
    uint64_t line;        /* of the file, from 1 */
    uint64_t number;      /* empty ones not counted, from 1; 0: it is empty */
    struct bb_bytes text; /* without its end; data is NULL when it was too long; valid until the next call */
    struct bb_raw raw;    /* empty without a spool */
};

struct bb_lines;

/* spool: borrowed; NULL: the text of long lines is not kept. 0 | -ENOMEM */
int bb_lines_new(struct bb_feed feed, struct bb_spool *spool, struct bb_lines **ret_lines);
void bb_lines_destroy(struct bb_lines **lines);

/* The next line that is not empty; or the next one whatever it is. 0 | BB_INPUT_END | -errno */
int bb_lines_next(struct bb_lines *lines, struct bb_line *ret_line);
int bb_lines_next_any(struct bb_lines *lines, struct bb_line *ret_line);

uint64_t bb_lines_count(const struct bb_lines *lines);
uint64_t bb_lines_position(const struct bb_lines *lines);

#endif
