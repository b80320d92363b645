/* What every reader of a format gives, whatever the format: one record after the other, its cells by the
 * index of their name. A table has its names from the start; a file of objects meets them as it goes, so
 * names grow.
 *
 * A reader knows its format and nothing of readings: which cell is what is for the map to say. */
#ifndef BB_FORMATS_READER_H
#define BB_FORMATS_READER_H

#include "client/formats/text/rawtext.h"

#define BB_CELLS_MAX 512u /* names that a file may have; more make its record broken */

/* Outcomes of bb_reader_next() beside 0 and -errno. */
enum bb_reader_result {
    BB_READER_END = 1, /* nothing more */
    BB_READER_BAD = 2, /* the file cannot be read on: bb_reader_error() has line and cause */
};

/* What a cell was written as. Formats without types give texts. */
enum bb_cell_kind {
    BB_CELL_ABSENT = 0, /* the record has no such cell, or it is null */
    BB_CELL_TEXT = 1,
    BB_CELL_NUMBER = 2,  /* of JSON: by its grammar, whatever separators the map speaks of */
    BB_CELL_BOOLEAN = 3, /* of JSON: "true" or "false" */
    BB_CELL_LONG = 4,    /* too long to keep: data is NULL, len is how long it is */
    BB_CELL_NESTED = 5,  /* of JSON: an object or a list, which its first byte tells, as it was written */
};

struct bb_cell {
    struct bb_bytes text; /* bytes as they are: UTF-8 is checked where they are used */
    uint8_t kind;         /* enum bb_cell_kind */
};

/* Valid until the next call of the reader. */
struct bb_cells {
    uint64_t number;            /* of the row, from 1: as people count it */
    uint64_t line;              /* of the file where it starts, from 1 */
    const struct bb_cell *cell; /* [count], by index of name */
    size_t count;               /* names known by now */
    struct bb_raw raw;          /* its text as it was; empty without a spool */
    uint32_t code;              /* BB_ROW_CODE_*: why nothing can be made of it; 0: it is sound */
    uint32_t column;            /* ... by the index of the cell that is to blame, and one; 0: the whole */
    const char *reason;         /* ... found, expected */
};

struct bb_reader;

/* What a format does. self is its own memory. */
struct bb_reader_kind {
    int (*next)(void *self, struct bb_cells *ret_cells);
    /* Names met by now; pointers stay valid as long as the reader. */
    size_t (*names)(const void *self, const struct bb_bytes **ret_names);
    uint64_t (*position)(const void *self); /* bytes of the file read so far, for a progress bar */
    /* After BB_READER_BAD: "line 12, column 3: found ..., expected ..."; NULL: any file of it can be read */
    const char *(*error)(const void *self);
    void (*destroy)(void *self);
};

struct bb_reader {
    const struct bb_reader_kind *kind;
    void *self;
};

static inline int
bb_reader_next(const struct bb_reader *reader, struct bb_cells *ret_cells)
{
    return reader->kind->next(reader->self, ret_cells);
}

static inline size_t
bb_reader_names(const struct bb_reader *reader, const struct bb_bytes **ret_names)
{
    return reader->kind->names(reader->self, ret_names);
}

static inline const char *
bb_reader_error(const struct bb_reader *reader)
{
    return reader->kind->error ? reader->kind->error(reader->self) : "";
}

static inline void
bb_reader_destroy(struct bb_reader *reader)
{
    if (reader->kind)
        reader->kind->destroy(reader->self);
    *reader = (struct bb_reader){0};
}

#endif
