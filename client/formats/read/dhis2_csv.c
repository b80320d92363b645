#include "dhis2_csv.h"

#include "annotation.h"
#include "names.h"

#include "client/formats/text/csv_reader.h"

#include "proto/rows.h"
#include "runtime/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADER_BYTES (1u << 20)

/* In DHIS2's order, with how its documentation and its exports have spelled them: letters only, in lower
 * case. */
static const struct {
    const char *name;
    const char *written[3];
} columns[] = {
    {"dataElement", {"dataelement"}},
    {"period", {"period"}},
    {"orgUnit", {"orgunit"}},
    {"categoryOptionCombo", {"categoryoptioncombo", "catoptcombo"}},
    {"attributeOptionCombo", {"attributeoptioncombo", "attroptcombo"}},
    {"value", {"value"}},
    {"storedBy", {"storedby", "strby"}},
    {"lastUpdated", {"lastupdated", "timestamp", "lstupd"}},
    {"comment", {"comment", "cmt"}},
    {"followup", {"followup", "fwp"}},
    {"deleted", {"deleted"}},
};

#define COLUMNS (sizeof columns / sizeof columns[0])

struct table {
    struct bb_csv *csv;
    struct bb_csv_row row;
    int waiting; /* 0: the row is still to be given | BB_INPUT_END | -errno: of reading the first one; GIVEN
                  */
    bool header;
    struct bb_names names;
    struct bb_cell cell[BB_CELLS_MAX];
    struct bb_table_head head;
    struct bb_buffer header_text;
    bool bad;
    char reason[400]; /* also what is wrong with the file */
};

#define GIVEN 64

/* Header */

/* The index of a column of DHIS2, or -1. */
static int
column_named(struct bb_bytes written)
{
    char letters[32];
    size_t n = 0;
    for (size_t i = 0; written.data && i < written.len; i++) {
        uint8_t lower = written.data[i] | 0x20;
        if (lower < 'a' || lower > 'z')
            continue;
        if (n == sizeof letters - 1)
            return -1;
        letters[n++] = (char)lower;
    }
    letters[n] = '\0';
    for (size_t i = 0; i < COLUMNS; i++)
        for (size_t k = 0; k < 3 && columns[i].written[k]; k++)
            if (strcmp(letters, columns[i].written[k]) == 0)
                return (int)i;
    return -1;
}

static bool
is_header(const struct bb_csv_row *row)
{
    unsigned seen = 0;
    for (size_t i = 0; i < row->count && i < BB_CSV_COLUMNS; i++) {
        int column = column_named(row->cell[i]);
        if (column >= 0)
            seen |= 1u << column;
    }
    return seen & (seen - 1);
}

__attribute__((format(printf, 2, 3))) static int
fail(struct table *table, const char *format, ...)
{
    int n = snprintf(table->reason, sizeof table->reason, "line %" PRIu64 ": ", table->row.line);
    va_list args;
    va_start(args, format);
    vsnprintf(table->reason + n, sizeof table->reason - (size_t)n, format, args);
    va_end(args);
    table->bad = true;
    return 0;
}

static int
name_column(struct table *table, size_t at)
{
    struct bb_bytes written = table->row.cell[at];
    int column = column_named(written);
    size_t before = table->names.count;
    int index = written.data ? bb_names_intern(&table->names,
                                               column >= 0 ? bb_bytes_str(columns[column].name) : written)
                             : -E2BIG;
    if (index == -E2BIG)
        return fail(table, "found a name of %zu bytes in column %zu, expected at most %u", written.len,
                    at + 1, BB_NAME_BYTES);
    if (index < 0)
        return index;
    if (table->names.count == before) {
        struct bb_bytes name = table->names.name[index];
        char shown[100];
        return fail(table, "found columns %d and %zu that are both \"%s\", expected it once", index + 1,
                    at + 1, bb_text_quote(name, shown, sizeof shown, 60));
    }
    return 0;
}

static int
read_header(struct table *table)
{
    int r = 0;
    table->waiting = GIVEN;
    if (table->row.problem)
        return fail(table, "found a header with misplaced quotes, expected names of columns");
    if (table->row.count > BB_CELLS_MAX)
        return fail(table, "found %zu columns, expected at most %u", table->row.count, BB_CELLS_MAX);
    for (size_t i = 0; i < table->row.count && r == 0 && !table->bad; i++)
        r = name_column(table, i);
    return r;
}

/* The header that such a file would have. */
static int
name_in_order(struct table *table, char delimiter)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (bb_names_intern(&table->names, bb_bytes_str(columns[i].name)) < 0)
            return -ENOMEM;
        bb_buffer_printf(&table->header_text, "%s%c", columns[i].written[0],
                         i + 1 < COLUMNS ? delimiter : '\n');
    }
    return table->header_text.error;
}

static int
add_to_header(void *self, struct bb_bytes piece)
{
    struct bb_buffer *text = self;
    bb_buffer_append(text, piece.data, piece.len);
    return text->error;
}

static int
keep_header(struct table *table, struct bb_spool *spool)
{
    int r = bb_raw_walk(&table->row.raw, spool, add_to_header, &table->header_text);
    return r == -EMSGSIZE ? fail(table, "found a header of more than %u bytes, expected names", HEADER_BYTES)
                          : r;
}

static int
begin(struct table *table, char delimiter, struct bb_spool *spool)
{
    int r;
    table->waiting = bb_csv_next(table->csv, &table->row);
    table->header = table->waiting == 0 && is_header(&table->row);
    if (table->header) {
        r = read_header(table);
        if (r == 0 && !table->bad)
            r = keep_header(table, spool);
    } else {
        r = name_in_order(table, delimiter);
    }
    const bool annotated = bb_annotation_names(table->names.name, table->names.count);
    table->head = (struct bb_table_head){.name = table->names.name,
                                         .count = table->names.count,
                                         .own = table->names.count - (annotated ? BB_ANNOTATIONS : 0),
                                         .annotated = annotated,
                                         .header = bb_buffer_bytes(&table->header_text)};
    return r;
}

/* Rows */

/* Empty cells behind the last column are none, nor are the annotations of a file of refused rows. */
static size_t
count_cells(const struct table *table, size_t *ret_most)
{
    const struct bb_csv_row *row = &table->row;
    size_t count = row->count;

    *ret_most = table->names.count;
    if (table->head.annotated && count <= BB_CSV_COLUMNS && bb_annotation_ends(row->cell, count, &count))
        *ret_most = table->head.own;
    while (count > *ret_most && count <= BB_CSV_COLUMNS && row->cell[count - 1].len == 0)
        count--;
    return count;
}

static bool
is_broken(struct table *table, size_t count, size_t most)
{
    if (!bb_csv_is_sound(&table->row, table->reason, sizeof table->reason))
        return true;
    if (count > most)
        snprintf(table->reason, sizeof table->reason, "found %zu columns, expected at most %zu%s", count,
                 most, table->header ? " as in the header" : "");
    return count > most;
}

static void
take_cells(struct table *table, size_t count)
{
    size_t i = 0;
    for (; i < count; i++) {
        struct bb_bytes text = table->row.cell[i];
        uint8_t kind = !text.data ? BB_CELL_LONG : text.len ? BB_CELL_TEXT : BB_CELL_ABSENT;
        table->cell[i] = (struct bb_cell){text, kind};
    }
    for (; i < table->names.count; i++)
        table->cell[i] = (struct bb_cell){0};
}

static void
give_row(struct table *table, struct bb_cells *ret_cells)
{
    const struct bb_csv_row *row = &table->row;
    *ret_cells = (struct bb_cells){.number = row->number - table->header,
                                   .line = row->line,
                                   .cell = table->cell,
                                   .count = table->names.count,
                                   .raw = row->raw};
    size_t most, count = count_cells(table, &most);
    if (!is_broken(table, count, most)) {
        take_cells(table, count);
        return;
    }
    memset(table->cell, 0, table->names.count * sizeof table->cell[0]);
    ret_cells->code = BB_ROW_CODE_BAD_ROW;
    ret_cells->reason = table->reason;
}

/* Reader */

static int
next_record(void *self, struct bb_cells *ret_cells)
{
    struct table *table = self;
    if (table->bad)
        return BB_READER_BAD;
    int r = table->waiting == GIVEN ? bb_csv_next(table->csv, &table->row) : table->waiting;
    if (r)
        return r == BB_INPUT_END ? BB_READER_END : r;
    table->waiting = GIVEN;
    give_row(table, ret_cells);
    return 0;
}

static size_t
names_of(const void *self, const struct bb_bytes **ret_names)
{
    const struct table *table = self;
    *ret_names = table->names.name;
    return table->names.count;
}

static uint64_t
position(const void *self)
{
    return bb_csv_position(((const struct table *)self)->csv);
}

static const char *
error_of(const void *self)
{
    return ((const struct table *)self)->reason;
}

static void
destroy(void *self)
{
    struct table *table = self;
    bb_csv_destroy(&table->csv);
    bb_names_release(&table->names);
    bb_buffer_release(&table->header_text);
    free(table);
}

static const struct bb_reader_kind reader_kind = {next_record, names_of, position, error_of, destroy};

int
bb_dhis2_csv_reader(struct bb_feed feed, char delimiter, struct bb_spool *spool, struct bb_reader *ret_reader,
                    const struct bb_table_head **ret_head)
{
    struct table *table = calloc(1, sizeof *table);
    if (!table)
        return -ENOMEM;
    bb_names_init(&table->names);
    bb_buffer_init(&table->header_text, HEADER_BYTES);
    int r = bb_csv_new(feed, delimiter, spool, &table->csv);
    if (r == 0)
        r = begin(table, delimiter, spool);
    if (r < 0) {
        destroy(table);
        return r;
    }
    *ret_reader = (struct bb_reader){&reader_kind, table};
    *ret_head = &table->head;
    return 0;
}
