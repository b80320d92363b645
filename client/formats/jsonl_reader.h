/* Rows of a JSONL file: one JSON object a line, decoded with jansson.
 *
 * Numbers keep the text they have in the file: 12.50 is neither rounded nor shortened on its way. Line ends
 * may be LF, CRLF or CR; empty lines are skipped. A line that is too long is
 * counted, not kept. */
#ifndef BB_FORMATS_JSONL_READER_H
#define BB_FORMATS_JSONL_READER_H

#include "input.h"
#include "json_members.h"
#include "map.h"
#include "rawtext.h"

#define BB_JSONL_LINE_BYTES (256u << 10)

struct bb_jsonl_line {
    uint64_t line;        /* of the file, from 1 */
    uint64_t number;      /* empty lines not counted, from 1 */
    struct bb_bytes text; /* without its end; data is NULL when it was too long; valid until the next call */
    struct bb_raw raw;    /* empty without a spool */
};

struct bb_jsonl;

/* spool: borrowed; spool NULL: the text of long lines is not kept. 0 | -ENOMEM */
int bb_jsonl_new(struct bb_feed feed, struct bb_spool *spool, struct bb_jsonl **ret_jsonl);
void bb_jsonl_destroy(struct bb_jsonl **jsonl);

/* Look whether there is anything to read, before the first line: 0 | BB_INPUT_END | -errno
 */
int bb_jsonl_begin(struct bb_jsonl *jsonl);

/* 0 a line | BB_INPUT_END | -errno */
int bb_jsonl_next(struct bb_jsonl *jsonl, struct bb_jsonl_line *ret_line);

uint64_t bb_jsonl_position(const struct bb_jsonl *jsonl);

/* What a line cannot be read for. */
struct bb_jsonl_problem {
    int field;         /* enum bb_column, or -1: the line as a whole */
    char reason[1024]; /* found, expected */
};

/* Read one line as a row. ret_row: valid until the next call of this and of bb_jsonl_next(). ret_plain: bits
 * of the fields that are JSON numbers. 0 | BB_JSONL_E_REFUSED with ret_problem | -ENOMEM */
#define BB_JSONL_E_REFUSED 1
int bb_jsonl_row(struct bb_jsonl *jsonl, struct bb_bytes text, const struct bb_map *map,
                 struct bb_row_text *ret_row, unsigned *ret_plain, struct bb_jsonl_problem *ret_problem);

#endif
