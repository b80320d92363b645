#include "source.h"

#include "proto/limits.h"
#include "proto/rows.h"
#include "runtime/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADER_BYTES (1u << 20)
#define NUMBER_BYTES 36u /* a sign, a point and 34 digits */

struct bb_source {
    enum bb_source_format format;
    const struct bb_map *map;
    struct bb_decode *decode;
    struct bb_csv *csv;
    struct bb_jsonl *jsonl;
    struct bb_layout layout;
    struct bb_buffer header; /* as it was */
    char *not_there;
    struct bb_rowmap_scratch scratch;
    struct bb_jsonl_problem problem; /* also where reasons of CSV rows are written */
};

void
bb_source_destroy(struct bb_source **source)
{
    if (!*source)
        return;
    bb_csv_destroy(&(*source)->csv);
    bb_jsonl_destroy(&(*source)->jsonl);
    bb_decode_destroy(&(*source)->decode);
    bb_buffer_release(&(*source)->header);
    free((*source)->not_there);
    free(*source);
    *source = NULL;
}

static int
first_row_missing(int r, const char *expected, char *error, size_t size)
{
    if (r == BB_INPUT_END)
        snprintf(error, size, "the file is empty; expected %s", expected);
    return r < 0 ? r : -EINVAL;
}

static int
add_to_header(void *self, struct bb_bytes piece)
{
    struct bb_buffer *header = self;
    bb_buffer_append(header, piece.data, piece.len);
    return header->error;
}

static bool
has_column(const struct bb_csv_row *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++)
        if (header->cell[i].data && bb_bytes_equal(header->cell[i], bb_bytes_str(name)))
            return true;
    return false;
}

static int
note_not_there(struct bb_source *source, const struct bb_csv_row *header)
{
    char shown[200];
    size_t size;
    FILE *to = open_memstream(&source->not_there, &size);
    if (!to)
        return -ENOMEM;
    for (size_t i = 0; i < source->map->n_ignored; i++) {
        const struct bb_map_ignored *ignored = &source->map->ignore[i];
        if (ignored->by_option && !has_column(header, ignored->name))
            fprintf(to, "%s'%s'", ftell(to) > 0 ? ", " : "",
                    bb_text_quote(bb_bytes_str(ignored->name), shown, sizeof shown, 60));
    }
    return fclose(to) == 0 ? 0 : -ENOMEM;
}

const char *
bb_source_not_there(const struct bb_source *source)
{
    return source->not_there ? source->not_there : "";
}

static int
open_csv(struct bb_source *source, struct bb_feed feed, struct bb_spool *spool, char *error, size_t size)
{
    struct bb_csv_row header;
    int r = bb_csv_new(feed, source->map->delimiter, spool, &source->csv);
    if (r < 0)
        return r;
    r = bb_csv_next(source->csv, &header);
    if (r)
        return first_row_missing(r, "a header such as indicator,place,period,value", error, size);
    r = bb_layout_init(&source->layout, &header, bb_import_fields, source->map, error, size);
    if (r == 0)
        r = bb_layout_check_readings(&source->layout, source->map, error, size);
    if (r == 0)
        r = note_not_there(source, &header);
    return r < 0 ? r : bb_raw_walk(&header.raw, spool, add_to_header, &source->header);
}

static int
open_jsonl(struct bb_source *source, struct bb_feed feed, struct bb_spool *spool, char *error, size_t size)
{
    int r = bb_jsonl_new(feed, spool, &source->jsonl);
    if (r == 0)
        r = bb_jsonl_begin(source->jsonl);
    return r > 0 ? first_row_missing(r, "a JSON object in each line", error, size) : r;
}

int
bb_source_new(struct bb_feed feed, enum bb_source_format format, const struct bb_map *map,
              struct bb_spool *spool, struct bb_source **ret_source, char *error, size_t size)
{
    struct bb_source *source = calloc(1, sizeof *source);
    if (!source)
        return -ENOMEM;
    source->format = format;
    source->map = map;
    bb_buffer_init(&source->header, HEADER_BYTES);
    int r = bb_decode_new(feed, BB_ENCODING_AUTO, &source->decode);
    if (r == 0)
        r = format == BB_SOURCE_CSV ? open_csv(source, bb_decode_feed(source->decode), spool, error, size)
                                    : open_jsonl(source, bb_decode_feed(source->decode), spool, error, size);
    if (r == -EILSEQ) {
        snprintf(error, size, "%s", bb_decode_error(source->decode));
        r = -EINVAL;
    }
    if (r < 0)
        bb_source_destroy(&source);
    else
        *ret_source = source;
    return r;
}

static void
refuse(struct bb_source_row *record, enum bb_row_code code, int column, const char *reason)
{
    record->code = (uint32_t)code;
    record->field = (uint32_t)(column + 1); /* BB_FIELD_* is enum bb_column and one */
    record->reason = reason;
}

static void
apply_map(struct bb_source *source, unsigned plain, struct bb_source_row *record)
{
    char *reason = source->problem.reason;
    int bad = bb_rowmap_apply(source->map, plain, &source->scratch, &record->row);
    if (bad < 0)
        return;
    char shown[100];
    const char *thousands = source->map->thousands;
    struct bb_text t = record->row.field[bad];
    snprintf(reason, sizeof source->problem.reason,
             "found '%s', expected a number with %s as decimal mark%s%s%s",
             bb_text_quote(bb_bytes(t.data, t.len), shown, sizeof shown, 60),
             source->map->decimal_comma ? "','" : "'.'", thousands ? " and '" : "",
             thousands ? thousands : "", thousands ? "' between groups of three digits" : "");
    refuse(record, BB_ROW_CODE_BAD_NUMBER, bad, reason);
}

/* The library's limits, for cells that are too long to be handed to it. */
static const unsigned most_bytes[BB_COLUMNS] = {
    [BB_COLUMN_INDICATOR] = BB_LIMIT_NAME_BYTES,
    [BB_COLUMN_ORGANIZATION] = BB_LIMIT_NAME_BYTES,
    [BB_COLUMN_PLACE] = BB_LIMIT_NAME_BYTES,
    [BB_COLUMN_DISAGGREGATION] = BB_LIMIT_DISAGGREGATION_BYTES,
    [BB_COLUMN_PERIOD] = BB_LIMIT_CODE_BYTES,
    [BB_COLUMN_VALUE] = NUMBER_BYTES,
    [BB_COLUMN_NUMERATOR] = NUMBER_BYTES,
    [BB_COLUMN_DENOMINATOR] = NUMBER_BYTES,
    [BB_COLUMN_STATUS] = sizeof "not_applicable" - 1,
    [BB_COLUMN_COMMENT] = BB_LIMIT_COMMENT_BYTES,
};

static void
fill_csv(struct bb_source *source, const struct bb_csv_row *row, struct bb_source_row *record)
{
    char *reason = source->problem.reason;
    size_t size = sizeof source->problem.reason;
    if (!bb_layout_row(&source->layout, row, reason, size)) {
        refuse(record, BB_ROW_CODE_BAD_ROW, -1, reason);
        return;
    }
    for (int i = 0; i < BB_COLUMNS; i++) {
        int column = source->layout.column[i];
        if (column < 0)
            continue;
        struct bb_bytes cell = row->cell[column];
        if (cell.len == 0)
            continue;
        if (!cell.data) {
            snprintf(reason, size, "found %zu bytes, expected at most %u", cell.len, most_bytes[i]);
            refuse(record, BB_ROW_CODE_TOO_LONG, i, reason);
            return;
        }
        record->row.field[i] = (struct bb_text){(const char *)cell.data, cell.len};
    }
    apply_map(source, 0, record);
}

static int
next_csv(struct bb_source *source, struct bb_source_row *ret_record)
{
    struct bb_csv_row row;
    int r = bb_csv_next(source->csv, &row);
    if (r)
        return r;
    *ret_record = (struct bb_source_row){.number = row.number - 1, .line = row.line, .raw = row.raw};
    fill_csv(source, &row, ret_record);
    return 0;
}

static int
next_jsonl(struct bb_source *source, struct bb_source_row *ret_record)
{
    struct bb_jsonl_line line;
    unsigned plain = 0;
    int r = bb_jsonl_next(source->jsonl, &line);
    if (r)
        return r;
    *ret_record = (struct bb_source_row){.number = line.number, .line = line.line, .raw = line.raw};
    r = bb_jsonl_row(source->jsonl, line.text, source->map, &ret_record->row, &plain, &source->problem);
    if (r == BB_JSONL_E_REFUSED) {
        enum bb_row_code code = !line.text.data              ? BB_ROW_CODE_TOO_LONG
                                : source->problem.field >= 0 ? BB_ROW_CODE_BAD_TEXT
                                                             : BB_ROW_CODE_BAD_ROW;
        refuse(ret_record, code, source->problem.field, source->problem.reason);
        return 0;
    }
    if (r == 0)
        apply_map(source, plain, ret_record);
    return r;
}

int
bb_source_next(struct bb_source *source, struct bb_source_row *ret_record)
{
    return source->csv ? next_csv(source, ret_record) : next_jsonl(source, ret_record);
}

const char *
bb_source_error(const struct bb_source *source)
{
    return bb_decode_error(source->decode);
}

uint64_t
bb_source_position(const struct bb_source *source)
{
    return source->csv ? bb_csv_position(source->csv) : bb_jsonl_position(source->jsonl);
}

enum bb_source_format
bb_source_format(const struct bb_source *source)
{
    return source->format;
}

char
bb_source_delimiter(const struct bb_source *source)
{
    return source->map->delimiter;
}

struct bb_bytes
bb_source_header(const struct bb_source *source)
{
    return bb_buffer_bytes(&source->header);
}

const struct bb_layout *
bb_source_layout(const struct bb_source *source)
{
    return &source->layout;
}

int
bb_source_meaning(const struct bb_source *source, struct bb_bytes name)
{
    return bb_map_meaning(source->map, name);
}
