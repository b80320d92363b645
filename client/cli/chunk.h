/* Rows of a file that travel as one submission, remembered until they are answered.
 *
 * A chunk holds, in the order of the file, the rows that were sent and those that were refused before they
 * could be: their numbers, their text if a file of refused rows wants it, and what became of them. Where a
 * file is cut depends on nothing but its rows, so that the same file gives the same submissions and a batch
 * can be resumed. Pure: the sending is import.c's. */
#ifndef BB_CLI_CHUNK_H
#define BB_CLI_CHUNK_H

#include "client/formats/source.h"

#define BB_CHUNK_ROWS  1000u
#define BB_CHUNK_BYTES (100u << 10) /* of the texts of rows that are sent */

struct bb_chunk_row {
    uint64_t number, line; /* as in struct bb_source_row */
    uint64_t raw_at;       /* in the chunk's text, or in the spool */
    uint64_t raw_len;
    int32_t note;   /* why it was refused: index into the notes, or -1 */
    uint8_t state;  /* enum bb_reading_state */
    uint8_t result; /* enum bb_outcome_code */
    bool sent;
    bool unnamed; /* it names no organization */
    bool spooled; /* its text is in the spool */
};

struct bb_chunk_note {
    uint32_t row;
    uint32_t reason_at; /* in the chunk's text, ended by NUL */
    const char *code;   /* static */
    const char *field;  /* static */
    uint32_t rows;      /* that a warning is true of, this one the first; 0: of this one by itself */
};

struct bb_chunk {
    bool keep;      /* the text of rows */
    bool duplicate; /* it had been answered before */
    struct bb_chunk_row *row;
    size_t n_rows, rows_size;
    struct bb_chunk_note *refusal; /* in any order: rows have their index */
    size_t n_refusals, refusals_size;
    struct bb_chunk_note *warning; /* in the order of rows */
    size_t n_warnings, warnings_size;
    uint32_t *sent; /* index of each row of the submission in `row` */
    size_t n_sent, sent_size;
    size_t sent_bytes;
    struct bb_buffer text;
    struct bb_spool *spool;
};

/* spool: borrowed, may be NULL when keep is false. */
void bb_chunk_init(struct bb_chunk *chunk, struct bb_spool *spool, bool keep);
void bb_chunk_release(struct bb_chunk *chunk);
/* Empty again; lets go of what it has in the spool. */
void bb_chunk_reset(struct bb_chunk *chunk);

/* Add a row that went into the submission. 0 | -ENOMEM */
int bb_chunk_add_sent(struct bb_chunk *chunk, const struct bb_source_row *record);
/* Add one that was refused. code: BB_ROW_CODE_*; field: its name, "" for the row as a whole. 0 | -ENOMEM */
int bb_chunk_add_refused(struct bb_chunk *chunk, const struct bb_source_row *record, uint32_t code,
                         const char *field, const char *reason);

/* Has it as much as one submission is to have? */
bool bb_chunk_is_full(const struct bb_chunk *chunk);

/* Take the answer to its submission. 0 | -ENOMEM | -EBADMSG: it speaks of other rows */
int bb_chunk_answer(struct bb_chunk *chunk, const struct bb_outcomes *outcomes);

/* All or none: every row that is not refused becomes so, code ATOMIC. 0 | -ENOMEM */
int bb_chunk_abort(struct bb_chunk *chunk);

/* Borrowed: valid until the chunk changes. */
struct bb_raw bb_chunk_raw(const struct bb_chunk *chunk, const struct bb_chunk_row *row);
const char *bb_chunk_reason(const struct bb_chunk *chunk, const struct bb_chunk_note *note);

#endif
