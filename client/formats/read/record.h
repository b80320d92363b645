/* The record that a reader of objects puts together, member by member: its cells by the index of their names.
 *
 * Names are met as the file brings them, mostly in the same order in each record, which is what makes finding
 * them cheap. A name given twice makes the record refused. One thread. */
#ifndef BB_FORMATS_RECORD_H
#define BB_FORMATS_RECORD_H

#include "names.h"
#include "reader.h"

#include "client/formats/text/json.h"

#define BB_RECORD_TEXT_BYTES (256u << 10) /* of the cells of a record that are copied */

struct bb_record {
    struct bb_names names;
    struct bb_cell cell[BB_CELLS_MAX];
    bool given[BB_CELLS_MAX];          /* also null */
    uint16_t behind[BB_CELLS_MAX + 1]; /* by index and one: which name came next in the record before */
    size_t last;                       /* index and one of the name that was met last */
    uint8_t *text;                     /* [BB_RECORD_TEXT_BYTES] */
    size_t text_used;
    bool lines;    /* records may have several: a message names the line too */
    uint32_t code; /* BB_ROW_CODE_*: the first thing that is wrong with it */
    char reason[600];
};

/* 0 | -ENOMEM */
int bb_record_init(struct bb_record *record, bool lines);
void bb_record_release(struct bb_record *record);

/* Begin the next one. */
void bb_record_begin(struct bb_record *record);

/* The key of a member: ret_index. 0 | BB_RECORD_E_REFUSED: it is given already, or there are too many; the
 * record is refused, and the value is to be skipped | -ENOMEM */
#define BB_RECORD_E_REFUSED 1
int bb_record_key(struct bb_record *record, const struct bb_json_token *key, int *ret_index);

/* copy: the text does not stay where it is until the record is used. One that there is no room for becomes
 * BB_CELL_LONG, as does one without data. */
void bb_record_put(struct bb_record *record, int index, enum bb_cell_kind kind, struct bb_bytes text,
                   bool copy);
/* A value that is no object and no list. */
void bb_record_put_token(struct bb_record *record, int index, const struct bb_json_token *token, bool copy);

/* Only the first reason stays. */
void bb_record_refuse(struct bb_record *record, uint32_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* cell, count, code and reason. */
void bb_record_cells(const struct bb_record *record, struct bb_cells *ret_cells);

#endif
