/* Text of fixed width: a record is a line, and the map says which characters of it are which cell. A note
 * that a file of refused rows has behind a line is none of its characters. */
#include "table.h"

#include "annotation.h"

#include "client/formats/text/input.h"
#include "client/formats/text/lines.h"

#include "proto/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAD_BYTES ((size_t)8 << 20)

struct fixed_table {
    struct bb_lines *lines;
    const struct bb_map *map;
    struct bb_table_head head;
    struct bb_arena arena;
    struct bb_buffer before;
    struct bb_bytes name[BB_CELLS_MAX], title[64];
    uint64_t header_lines; /* in front of the records, not counting empty ones */
    struct bb_cell cell[BB_CELLS_MAX];
    char reason[100];
};

/* Where the character begins that is counted `wanted`, from 1: its byte; the end of the line if it has fewer.
 */
static size_t
find_character(struct bb_bytes line, size_t *at, uint32_t *character, uint32_t wanted)
{
    while (*character < wanted && *at < line.len) {
        (*at)++;
        while (*at < line.len && (line.data[*at] & 0xC0) == 0x80)
            (*at)++;
        (*character)++;
    }
    return *at;
}

static void
cut(struct fixed_table *table, struct bb_bytes line)
{
    for (size_t i = 0; i < table->head.count; i++) {
        const struct bb_map_column *field = &table->map->field[i];
        size_t at = 0;
        uint32_t character = 1;
        size_t from = find_character(line, &at, &character, field->from);
        size_t to = find_character(line, &at, &character, field->to + 1);
        table->cell[i] = (struct bb_cell){bb_bytes(line.data + from, to - from), BB_CELL_TEXT};
    }
}

static int
next_record(void *self, struct bb_cells *ret_cells)
{
    struct fixed_table *table = self;
    struct bb_line line;
    int r = bb_lines_next(table->lines, &line);

    if (r)
        return r == BB_INPUT_END ? BB_READER_END : r;
    *ret_cells = (struct bb_cells){.number = line.number - table->header_lines,
                                   .line = line.line,
                                   .cell = table->cell,
                                   .count = table->head.count,
                                   .raw = line.raw};
    if (line.text.data) {
        cut(table, bb_annotation_cut(line.text));
        return 0;
    }
    snprintf(table->reason, sizeof table->reason, "found a line of %zu bytes, expected at most %u",
             line.text.len, BB_LINE_BYTES);
    ret_cells->code = BB_ROW_CODE_TOO_LONG;
    ret_cells->reason = table->reason;
    return 0;
}

static int
read_head(struct fixed_table *table)
{
    const struct bb_dialect *dialect = &table->map->dialect;
    const uint32_t first = dialect->n_header_rows ? dialect->header_row[0] : 0,
                   last = dialect->n_header_rows ? dialect->header_row[dialect->n_header_rows - 1] : 0;

    while (bb_lines_count(table->lines) < last) {
        struct bb_line line;
        int r = bb_lines_next_any(table->lines, &line);
        if (r)
            return r;
        table->header_lines += line.number != 0;
        bb_buffer_append(&table->before, line.text.data, line.text.data ? line.text.len : 0);
        bb_buffer_append(&table->before, "\n", 1);
        if (line.line >= first || table->head.n_titles == sizeof table->title / sizeof table->title[0])
            continue;
        const char *copy = bb_arena_text(&table->arena, line.text.data ? line.text : bb_bytes("", 0));
        if (!copy)
            return -ENOMEM;
        table->title[table->head.n_titles++] = bb_bytes_str(copy);
    }
    table->head.title = table->title;
    table->head.line = last;
    return table->before.error;
}

static size_t
names(const void *self, const struct bb_bytes **ret_names)
{
    const struct fixed_table *table = self;

    *ret_names = table->name;
    return table->head.count;
}

static uint64_t
position(const void *self)
{
    return bb_lines_position(((const struct fixed_table *)self)->lines);
}

static void
destroy(void *self)
{
    struct fixed_table *table = self;

    bb_lines_destroy(&table->lines);
    bb_arena_release(&table->arena);
    bb_buffer_release(&table->before);
    free(table);
}

static const struct bb_reader_kind kind = {next_record, names, position, NULL, destroy};

static int
take_fields(struct fixed_table *table, char *error, size_t size)
{
    const struct bb_map *map = table->map;

    if (map->n_fields == 0 || map->n_fields > BB_CELLS_MAX) {
        snprintf(error, size, "found %zu fields in the map, expected 1 to %u with \"from\" and \"to\"",
                 map->n_fields, BB_CELLS_MAX);
        return -EINVAL;
    }
    for (size_t i = 0; i < map->n_fields; i++) {
        if (map->field[i].from == 0) {
            snprintf(error, size,
                     "the map's field \"%.100s\" has no \"from\" and \"to\", expected its characters",
                     (const char *)map->field[i].name.data);
            return -EINVAL;
        }
        table->name[i] = map->field[i].name;
    }
    table->head.count = map->n_fields;
    return 0;
}

int
bb_fixed_table(struct bb_feed feed, const struct bb_map *map, struct bb_spool *spool,
               struct bb_reader *ret_reader, const struct bb_table_head **ret_head, char *error, size_t size)
{
    struct fixed_table *table = calloc(1, sizeof *table);
    int r;

    if (!table)
        return -ENOMEM;
    table->map = map;
    bb_arena_init(&table->arena, HEAD_BYTES);
    bb_buffer_init(&table->before, HEAD_BYTES);
    r = take_fields(table, error, size);
    if (r == 0)
        r = bb_lines_new(feed, spool, &table->lines);
    if (r == 0)
        r = read_head(table);
    if (r == BB_INPUT_END) {
        snprintf(error, size, "the file ends within the header, expected lines below line %u",
                 map->dialect.n_header_rows ? map->dialect.header_row[map->dialect.n_header_rows - 1] : 0);
        r = -EINVAL;
    }
    if (r < 0) {
        destroy(table);
        return r;
    }
    table->head.name = table->name;
    table->head.before = bb_buffer_bytes(&table->before);
    *ret_reader = (struct bb_reader){&kind, table};
    *ret_head = &table->head;
    return 0;
}
