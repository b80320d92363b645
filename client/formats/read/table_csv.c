#include "table.h"

#include "annotation.h"

#include "client/formats/text/csv_reader.h"

#include "proto/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAD_BYTES ((size_t)8 << 20)
#define COMMENT    (-2) /* no place in the header, and no title */

struct csv_table {
    struct bb_csv *csv;
    const struct bb_map *map;
    struct bb_spool *spool;
    struct bb_table_head head;
    struct bb_arena arena;           /* of the head */
    struct bb_buffer before, header; /* the text of titles, and of the header's last row */
    struct bb_bytes name[BB_CELLS_MAX];
    struct bb_bytes *title;
    size_t titles_size;
    struct bb_bytes group[BB_CELLS_MAX]; /* of the rows of the header so far */
    size_t columns;                      /* of the header's last row; 0: it has none */
    uint64_t header_rows;                /* in front of the records, titles too; as the file has them */
    uint64_t skipped;                    /* comments */
    bool pending;                        /* `row` is a record that was read to find names */
    struct bb_csv_row row;
    struct bb_cell cell[BB_CELLS_MAX];
    char reason[300];
};

/* --- what stands before -----------------------------------------------------------------------------------
 */

static int
add_before(void *self, struct bb_bytes piece)
{
    struct bb_buffer *before = self;

    bb_buffer_append(before, piece.data, piece.len);
    return before->error;
}

static int
keep(struct csv_table *table, struct bb_bytes text, struct bb_bytes *ret_text)
{
    const char *copy = bb_arena_text(&table->arena, text.data ? text : bb_bytes("", 0));

    *ret_text = bb_bytes(copy, text.data ? text.len : 0);
    return copy ? 0 : -ENOMEM;
}

/* Lines above the header: their cells with what is between them gone. */
static int
add_title(struct csv_table *table, const struct bb_csv_row *row)
{
    char text[1000];
    size_t len = 0;

    if (table->head.n_titles == table->titles_size) {
        size_t size = table->titles_size * 2 + 8;
        struct bb_bytes *grown = reallocarray(table->title, size, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        table->title = grown;
        table->titles_size = size;
    }
    for (size_t i = 0; i < row->count && i < BB_CSV_COLUMNS; i++) {
        struct bb_bytes cell = row->cell[i];
        if (!cell.data || cell.len == 0 || len + cell.len + 1 > sizeof text)
            continue;
        if (len)
            text[len++] = ' ';
        memcpy(text + len, cell.data, cell.len);
        len += cell.len;
    }
    table->head.title = table->title;
    return keep(table, bb_bytes(text, len), &table->title[table->head.n_titles++]);
}

/* "", "", "Chronically Absent", "" above "Student Count", "%" */
static int
join(struct csv_table *table, const struct bb_csv_row *row, bool first)
{
    const struct bb_dialect *dialect = &table->map->dialect;
    struct bb_bytes above = bb_bytes(NULL, 0);

    for (size_t i = 0; i < row->count && i < BB_CELLS_MAX; i++) {
        struct bb_bytes cell = row->cell[i].data ? row->cell[i] : bb_bytes(NULL, 0);
        char text[2 * BB_CELLS_MAX];
        int r = keep(table, cell, &cell);
        if (r < 0)
            return r;
        if (first && dialect->fill && dialect->n_header_rows > 1)
            above = cell = cell.len ? cell : above;
        if (first || !table->group[i].len) {
            table->group[i] = cell;
            continue;
        }
        if (!cell.len)
            continue;
        int len = snprintf(text, sizeof text, "%s%s%s", (const char *)table->group[i].data, dialect->join,
                           (const char *)cell.data);
        r = keep(table, bb_bytes(text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1),
                 &table->group[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static bool
is_comment(const struct csv_table *table, const struct bb_csv_row *row)
{
    const char c = table->map->dialect.comment;

    return c && row->count && row->cell[0].data && row->cell[0].len && row->cell[0].data[0] == (uint8_t)c;
}

/* Is it a row of the header? -1: a title, in front of the first */
static int
place_in_header(const struct bb_dialect *dialect, const struct bb_csv_row *row)
{
    if (dialect->n_header_rows == 0)
        return 0;
    for (size_t i = 0; i < dialect->n_header_rows; i++)
        if (dialect->header_row[i] == row->sheet)
            return (int)i;
    return -1;
}

/* A comment in front of the records; but a row that the map calls one of the header is that. */
static bool
is_comment_above(const struct csv_table *table, const struct bb_csv_row *row)
{
    const struct bb_dialect *dialect = &table->map->dialect;

    return is_comment(table, row) && (dialect->n_header_rows == 0 || place_in_header(dialect, row) < 0);
}

static void
take_names(struct csv_table *table, const struct bb_csv_row *row)
{
    table->columns = row->count;
    table->head.line = row->line;
    table->head.broken = row->problem != BB_CSV_FINE;
    table->head.count = row->count < BB_CELLS_MAX ? row->count : BB_CELLS_MAX;
    memcpy(table->name, table->group, table->head.count * sizeof table->name[0]);
    table->head.annotated = bb_annotation_names(table->name, table->head.count);
    table->head.own = table->head.count - (table->head.annotated ? BB_ANNOTATIONS : 0);
}

static int
too_wide(const struct bb_csv_row *row, char *error, size_t size)
{
    snprintf(error, size, "line %" PRIu64 ": found %zu columns, expected at most %u", row->line, row->count,
             BB_CELLS_MAX);
    return -EINVAL;
}

static bool
is_annotated(const struct csv_table *table, const struct bb_csv_row *row, size_t *ret_own)
{
    return table->head.annotated && row->count <= BB_CSV_COLUMNS &&
           bb_annotation_ends(row->cell, row->count, ret_own);
}

static size_t
column_of_field(const struct bb_map *map, size_t field)
{
    return map->field[field].column ? map->field[field].column - 1 : field;
}

/* How wide is a table without a header? As its first row; but one that was refused for its width, in a file
 * of refused rows, does not tell: the fields do. */
static size_t
width_of_first(const struct csv_table *table)
{
    const struct bb_map *map = table->map;
    size_t width = table->row.count;

    if (!is_annotated(table, &table->row, &width) ||
        !bb_bytes_equal(table->row.cell[width + 1], bb_bytes_str(bb_row_code_name(BB_ROW_CODE_BAD_ROW))))
        return width;
    for (size_t i = 0; i < map->n_fields; i++)
        if (column_of_field(map, i) >= width && column_of_field(map, i) < BB_CELLS_MAX)
            width = column_of_field(map, i) + 1;
    return width;
}

static int
next_row(struct csv_table *table, struct bb_csv_row *ret_row)
{
    int r = 0;

    if (table->pending)
        *ret_row = table->row;
    else
        r = bb_csv_next(table->csv, ret_row);
    table->pending = false;
    return r;
}

/* The next one that is no comment. */
static int
next_record_row(struct csv_table *table, struct bb_csv_row *ret_row)
{
    int r = next_row(table, ret_row);

    while (r == 0 && is_comment(table, ret_row)) {
        table->skipped++;
        r = next_row(table, ret_row);
    }
    return r;
}

/* Names of a table without a header: those of the fields, by their position. */
static int
take_fields(struct csv_table *table)
{
    const struct bb_map *map = table->map;
    int r = next_record_row(table, &table->row);

    if (r)
        return r;
    table->pending = true;
    table->head.annotated = true;
    table->columns = width_of_first(table);
    table->head.own = table->head.count = table->columns < BB_CELLS_MAX ? table->columns : BB_CELLS_MAX;
    for (size_t i = 0; i < map->n_fields; i++)
        if (column_of_field(map, i) < table->head.count)
            table->name[column_of_field(map, i)] = map->field[i].name;
    return 0;
}

/* One row in front of the records. ret_last: it was the header's last. */
static int
take_row(struct csv_table *table, const struct bb_csv_row *row, bool *ret_last)
{
    const struct bb_dialect *dialect = &table->map->dialect;
    int place = is_comment_above(table, row) ? COMMENT : place_in_header(dialect, row);
    int r = place == COMMENT ? 0 : place < 0 ? add_title(table, row) : join(table, row, place == 0);

    table->header_rows++;
    *ret_last = place >= 0 && (size_t)place + 1 >= dialect->n_header_rows;
    if (*ret_last)
        take_names(table, row);
    if (r == 0 && !*ret_last)
        r = bb_raw_walk(&row->raw, table->spool, add_before, &table->before);
    return r;
}

static int
no_header(struct csv_table *table, const struct bb_csv_row *row, char *error, size_t size)
{
    const struct bb_dialect *dialect = &table->map->dialect;

    snprintf(error, size, "line %" PRIu64 ": found nothing in row %u, expected the header, as the map says",
             row->line, dialect->header_row[dialect->n_header_rows - 1]);
    return -EINVAL;
}

static int
read_head(struct csv_table *table, char *error, size_t size)
{
    const struct bb_dialect *dialect = &table->map->dialect;
    const uint32_t last_row = dialect->n_header_rows ? dialect->header_row[dialect->n_header_rows - 1] : 0;
    bool last = false;

    if (dialect->no_header)
        return take_fields(table);
    while (!last) {
        struct bb_csv_row row;
        int r = bb_csv_next(table->csv, &row);
        if (r)
            return r;
        if (last_row && row.sheet > last_row)
            return no_header(table, &row, error, size);
        if (row.count > BB_CELLS_MAX)
            return too_wide(&row, error, size);
        r = take_row(table, &row, &last);
        if (r == 0 && last)
            r = bb_raw_walk(&row.raw, table->spool, add_before, &table->header);
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- records ----------------------------------------------------------------------------------------------
 */

static void
refuse(struct csv_table *table, struct bb_cells *cells)
{
    cells->code = BB_ROW_CODE_BAD_ROW;
    cells->reason = table->reason;
}

/* Is the row as wide as the header, and sound? Empty cells behind it are none. Annotations of a file of
 * refused rows stand behind the cells that there are, so that a row that was too short stays so. Returns how
 * many cells are its own. */
static size_t
check_row(struct csv_table *table, const struct bb_csv_row *row, struct bb_cells *cells)
{
    size_t count = row->count, filled, columns = table->columns;
    bool annotated = is_annotated(table, row, &count);

    if (annotated || (table->head.annotated && count == table->head.own))
        columns = table->head.own;
    for (filled = count; filled && filled <= BB_CSV_COLUMNS && row->cell[filled - 1].len == 0;)
        filled--;
    const size_t own = annotated ? count : table->head.count;
    if (count > columns)
        count = filled > columns ? filled : columns;
    if (!bb_csv_is_sound(row, table->reason, sizeof table->reason))
        ;
    else if (filled && count != columns)
        snprintf(table->reason, sizeof table->reason, "found %zu column%s, expected %zu as in the %s", count,
                 count == 1 ? "" : "s", columns, table->map->dialect.no_header ? "first row" : "header");
    else
        return own;
    refuse(table, cells);
    return own;
}

static int
next_record(void *self, struct bb_cells *ret_cells)
{
    struct csv_table *table = self;
    struct bb_csv_row row;
    int r = next_record_row(table, &row);

    if (r)
        return r == BB_INPUT_END ? BB_READER_END : r;
    *ret_cells = (struct bb_cells){.number = row.number - table->header_rows - table->skipped,
                                   .line = row.line,
                                   .cell = table->cell,
                                   .count = table->head.count,
                                   .raw = row.raw};
    size_t own = check_row(table, &row, ret_cells);
    for (size_t i = 0; i < table->head.count; i++) {
        struct bb_bytes cell = i < row.count && i < own ? row.cell[i] : bb_bytes(NULL, 0);
        table->cell[i] = (struct bb_cell){cell, cell.data || !cell.len ? BB_CELL_TEXT : BB_CELL_LONG};
    }
    return 0;
}

static size_t
names(const void *self, const struct bb_bytes **ret_names)
{
    const struct csv_table *table = self;

    *ret_names = table->name;
    return table->head.count;
}

static uint64_t
position(const void *self)
{
    return bb_csv_position(((const struct csv_table *)self)->csv);
}

static void
destroy(void *self)
{
    struct csv_table *table = self;

    bb_csv_destroy(&table->csv);
    bb_arena_release(&table->arena);
    bb_buffer_release(&table->before);
    bb_buffer_release(&table->header);
    free(table->title);
    free(table);
}

static const struct bb_reader_kind kind = {next_record, names, position, NULL, destroy};

int
bb_csv_table(struct bb_feed feed, const struct bb_map *map, struct bb_spool *spool,
             struct bb_reader *ret_reader, const struct bb_table_head **ret_head, char *error, size_t size)
{
    struct csv_table *table = calloc(1, sizeof *table);
    int r;

    if (!table)
        return -ENOMEM;
    table->map = map;
    table->spool = spool;
    bb_arena_init(&table->arena, HEAD_BYTES);
    bb_buffer_init(&table->before, HEAD_BYTES);
    bb_buffer_init(&table->header, HEAD_BYTES);
    r = bb_csv_new(feed, map->dialect.delimiter, spool, &table->csv);
    if (r == 0)
        r = read_head(table, error, size);
    if (r == BB_INPUT_END) {
        snprintf(error, size, "the file is empty; expected a header such as indicator,place,period,value");
        r = -EINVAL;
    }
    if (r < 0) {
        destroy(table);
        return r;
    }
    table->head.name = table->name;
    table->head.before = bb_buffer_bytes(&table->before);
    table->head.header = bb_buffer_bytes(&table->header);
    *ret_reader = (struct bb_reader){&kind, table};
    *ret_head = &table->head;
    return 0;
}
