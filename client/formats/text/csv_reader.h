/* Rows of a CSV file, streamed over libcsv: RFC 4180 with the liberties that real files take.
 *
 * Line ends may be LF, CRLF or CR, also within quotes; empty lines are skipped;
 * blanks around a cell without quotes are dropped; a quote in the middle of a cell without quotes is a
 * character. Text behind a closing quote, and a quote that is never closed, make the row a broken one: it is
 * told, and reading goes on with the next line. Memory is bounded whatever the file holds. Cells are bytes,
 * NUL and invalid UTF-8 included: whoever uses a cell checks it. */
#ifndef BB_FORMATS_CSV_READER_H
#define BB_FORMATS_CSV_READER_H

#include "input.h"
#include "rawtext.h"

#define BB_CSV_CELL_BYTES (64u << 10) /* a longer cell is counted, not kept */
#define BB_CSV_ROW_BYTES  (256u << 10)
#define BB_CSV_COLUMNS    512u

enum bb_csv_problem {
    BB_CSV_FINE = 0,
    BB_CSV_TEXT_AFTER_QUOTE = 1,
    BB_CSV_OPEN_QUOTE = 2, /* the last row of the file: its quoted cell has no end */
};

/* Valid until the next call. */
struct bb_csv_row {
    uint64_t line;               /* of the file where the row starts, from 1 */
    uint64_t number;             /* 1 for the first row of the file, empty lines not counted */
    uint64_t sheet;              /* likewise, as a spreadsheet counts rows: empty lines too */
    const struct bb_bytes *cell; /* data is NULL when the cell was too long to keep; len is right even then */
    size_t count;                /* cells the row has; only BB_CSV_COLUMNS of them are kept */
    enum bb_csv_problem problem;
    uint64_t problem_line;
    struct bb_raw raw; /* empty without a spool */
};

struct bb_csv;

/* spool: borrowed. spool NULL: the text of rows is not kept. delimiter: ',' mostly. 0 | -ENOMEM */
int bb_csv_new(struct bb_feed feed, char delimiter, struct bb_spool *spool, struct bb_csv **ret_csv);
void bb_csv_destroy(struct bb_csv **csv);

/* 0 a row | BB_INPUT_END | -errno: of reading, or of the spool */
int bb_csv_next(struct bb_csv *csv, struct bb_csv_row *ret_row);

/* Are its quotes where they may be? Otherwise why not: "found ..., expected ..." */
bool bb_csv_is_sound(const struct bb_csv_row *row, char *reason, size_t size);

/* Bytes of the file read so far. */
uint64_t bb_csv_position(const struct bb_csv *csv);

#endif
