/* The rows of an import file, CSV or JSONL, one after the other, as they are to be sent.
 *
 * What stands in front of the rows (a header) is checked when the source is opened; each row then comes
 * mapped, or refused with a reason. Rows are numbered as people see them: 1 is the first row below the header
 * of a CSV file, or the first line of a JSONL file; empty lines are not counted. */
#ifndef BB_FORMATS_SOURCE_H
#define BB_FORMATS_SOURCE_H

#include "decode.h"
#include "jsonl_reader.h"
#include "layout.h"
#include "rowmap.h"

enum bb_source_format { BB_SOURCE_CSV, BB_SOURCE_JSONL };

struct bb_source;

struct bb_source_row {
    uint64_t number;        /* of the row */
    uint64_t line;          /* of the file where it starts */
    struct bb_row_text row; /* valid until the next call */
    struct bb_raw raw;      /* likewise; empty without a spool */
    uint32_t code;          /* BB_ROW_CODE_*: why it is refused; 0: it is not */
    uint32_t field;         /* BB_FIELD_*, or 0 */
    const char *reason;     /* found, expected */
};

/* map, spool: borrowed. spool NULL: the text of rows is not kept.
 * 0 | -EINVAL and a message (without the name of the file) at error | -errno of reading */
int bb_source_new(struct bb_feed feed, enum bb_source_format format, const struct bb_map *map,
                  struct bb_spool *spool, struct bb_source **ret_source, char *error, size_t size);
void bb_source_destroy(struct bb_source **source);

/* 0 | BB_INPUT_END | -EILSEQ: the file cannot be read on, bb_source_error() says why | -errno */
int bb_source_next(struct bb_source *source, struct bb_source_row *ret_record);
const char *bb_source_error(const struct bb_source *source);

/* Bytes of the file read so far. */
uint64_t bb_source_position(const struct bb_source *source);

/* What the file of refused rows needs to know. Valid as long as the source. */
enum bb_source_format bb_source_format(const struct bb_source *source);
char bb_source_delimiter(const struct bb_source *source);
struct bb_bytes bb_source_header(const struct bb_source *source); /* as it was; empty with JSONL */
const struct bb_layout *bb_source_layout(const struct bb_source *source);

/* What --ignore names and no column of a CSV file is called: quoted, with commas between them. Empty: none.
 */
const char *bb_source_not_there(const struct bb_source *source);

/* What a name means in this file: bb_map_meaning(). */
int bb_source_meaning(const struct bb_source *source, struct bb_bytes name);

#endif
