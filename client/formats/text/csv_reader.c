/* libcsv is pushed one physical line at a time, so that a row ends, if it does, exactly where the pushed
 * bytes end: that gives line numbers and the text of the row without asking the parser where it is.
 *
 * libcsv has no limit on a cell. Ours is a reallocation function that refuses to go beyond BB_CSV_CELL_BYTES;
 * the parser then stops before the byte that does not fit, and we forget what it has of this cell but for one
 * byte (it steps back one byte when a quoted cell ends) and push on. Strict mode stops at a misplaced quote:
 * in a cell without quotes that byte is pushed again leniently; behind a closing quote the row is broken and
 * the rest of the line is skipped, for lenient parsing would swallow lines up to the next quote. */
#include "csv_reader.h"

#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define STRICT     (CSV_STRICT | CSV_STRICT_FINI)
#define NOT_SOUGHT SIZE_MAX

struct bb_csv {
    struct bb_input input;
    struct csv_parser parser;
    struct bb_raw_keeper keeper;
    char delimiter;
    size_t newline, carriage; /* the next of each in the block, its end when there is none, or NOT_SOUGHT */
    uint64_t line;            /* lines ended so far */
    uint64_t blank;           /* ... of which these were empty, between rows */
    bool after_carriage;      /* the last byte was CR: an LF now belongs to it */
    bool in_row;
    bool row_ended;
    bool skipping; /* to the end of the line, behind a misplaced quote */
    size_t dropped;
    size_t text_used;
    struct bb_csv_row row;
    struct bb_bytes cell[BB_CSV_COLUMNS];
    uint8_t text[BB_CSV_ROW_BYTES];
};

static void *
limited_realloc(void *old, size_t size)
{
    return size > BB_CSV_CELL_BYTES ? NULL : realloc(old, size);
}

int
bb_csv_new(struct bb_feed feed, char delimiter, struct bb_spool *spool, struct bb_csv **ret_csv)
{
    struct bb_csv *csv =
        malloc(sizeof *csv); /* not cleared: its text is touched only as far as rows need it */
    if (!csv)
        return -ENOMEM;
    memset(csv, 0, offsetof(struct bb_csv, cell));
    if (bb_input_init(&csv->input, feed) < 0 || csv_init(&csv->parser, STRICT) != 0) {
        bb_input_release(&csv->input);
        free(csv);
        return -ENOMEM;
    }
    csv_set_realloc_func(&csv->parser, limited_realloc);
    csv_set_blk_size(&csv->parser, 4096);
    csv_set_delim(&csv->parser, (unsigned char)delimiter);
    bb_raw_keeper_init(&csv->keeper, spool);
    csv->delimiter = delimiter;
    *ret_csv = csv;
    return 0;
}

void
bb_csv_destroy(struct bb_csv **csv)
{
    if (!*csv)
        return;
    csv_free(&(*csv)->parser);
    bb_raw_keeper_release(&(*csv)->keeper);
    bb_input_release(&(*csv)->input);
    free(*csv);
    *csv = NULL;
}

uint64_t
bb_csv_position(const struct bb_csv *csv)
{
    return bb_input_position(&csv->input);
}

static void
on_cell(void *data, size_t len, void *self)
{
    struct bb_csv *csv = self;
    size_t at = csv->row.count++;
    if (at >= BB_CSV_COLUMNS)
        return;
    len += csv->dropped;
    if (csv->dropped || len > BB_CSV_ROW_BYTES - csv->text_used) {
        csv->cell[at] = bb_bytes(NULL, len);
    } else {
        uint8_t *to = csv->text + csv->text_used;
        memcpy(to, data, len);
        csv->cell[at] = bb_bytes(to, len);
        csv->text_used += len;
    }
    csv->dropped = 0;
}

static void
on_row(int terminator, void *self)
{
    (void)terminator;
    ((struct bb_csv *)self)->row_ended = true;
}

static void
begin_row(struct bb_csv *csv)
{
    csv->in_row = csv->row_ended = csv->skipping = false;
    csv->dropped = csv->text_used = 0;
    csv->row = (struct bb_csv_row){.number = csv->row.number, .cell = csv->cell};
    bb_raw_keeper_reset(&csv->keeper);
}

static bool
is_blank(const struct bb_csv *csv, struct bb_bytes piece)
{
    for (size_t i = 0; i < piece.len; i++)
        if (piece.data[i] == (uint8_t)csv->delimiter || !memchr(" \t\r\n", piece.data[i], 4))
            return false;
    return true;
}

/* The parser stopped before a byte of `rest`: see why, and let it go on. Returns how many bytes that took. */
static int
resolve_stop(struct bb_csv *csv, struct bb_bytes rest, size_t *ret_taken)
{
    struct csv_parser *parser = &csv->parser;
    if (csv_error(parser) == CSV_EPARSE && !parser->quoted) {
        csv_set_opts(parser, 0);
        *ret_taken = csv_parse(parser, rest.data, 1, on_cell, on_row, csv);
        csv_set_opts(parser, STRICT);
        return *ret_taken == 1 ? 0 : -ENOMEM;
    }
    if (csv_error(parser) == CSV_EPARSE) {
        csv->row.problem = BB_CSV_TEXT_AFTER_QUOTE;
        csv->row.problem_line = csv->line + 1;
        csv->skipping = true;
        csv_set_opts(parser, 0);
        csv_fini(parser, NULL, NULL, NULL);
        csv_set_opts(parser, STRICT);
        *ret_taken = rest.len;
        return 0;
    }
    if (parser->entry_size < BB_CSV_CELL_BYTES)
        return -ENOMEM;
    csv->dropped += parser->entry_pos - 1;
    parser->entry_pos = 1;
    parser->spaces = 0;
    *ret_taken = 0;
    return 0;
}

static int
push(struct bb_csv *csv, struct bb_bytes piece)
{
    while (piece.len && !csv->skipping) {
        size_t taken = csv_parse(&csv->parser, piece.data, piece.len, on_cell, on_row, csv);
        piece = bb_bytes(piece.data + taken, piece.len - taken);
        if (piece.len == 0)
            break;
        int r = resolve_stop(csv, piece, &taken);
        if (r < 0)
            return r;
        piece = bb_bytes(piece.data + taken, piece.len - taken);
    }
    return 0;
}

/* What is known is kept: a file without CR must not be searched for one to the end of the block at each line.
 */
static size_t
find(const struct bb_input *input, size_t known, int byte)
{
    if (known >= input->at && known != NOT_SOUGHT)
        return known;
    const uint8_t *at = memchr(input->block + input->at, byte, input->end - input->at);
    return at ? (size_t)(at - input->block) : input->end;
}

/* Take the bytes up to and including the next end of line, or all that the block has. */
static struct bb_bytes
take_line(struct bb_csv *csv, bool *ret_ended)
{
    struct bb_input *input = &csv->input;
    csv->newline = find(input, csv->newline, '\n');
    csv->carriage = find(input, csv->carriage, '\r');
    size_t end = csv->newline < csv->carriage ? csv->newline : csv->carriage;
    *ret_ended = end < input->end;
    if (*ret_ended) {
        bool pair = csv->newline == end + 1 && csv->newline < input->end;
        end += pair ? 2 : 1;
    }
    struct bb_bytes piece = bb_bytes(input->block + input->at, end - input->at);
    input->at = end;
    return piece;
}

static int
read_line(struct bb_csv *csv)
{
    bool ended;
    struct bb_bytes piece = take_line(csv, &ended);
    bool rest_of_pair = csv->after_carriage && piece.data[0] == '\n';
    csv->after_carriage = piece.data[piece.len - 1] == '\r';
    if (!csv->in_row && !is_blank(csv, piece)) {
        csv->in_row = true;
        csv->row.line = csv->line + 1;
    }
    if (csv->in_row)
        bb_raw_keeper_append(&csv->keeper, piece);
    int r = push(csv, piece);
    if (ended && !rest_of_pair) {
        csv->line++;
        csv->blank += !csv->in_row;
    }
    if (ended && csv->skipping)
        csv->row_ended = true;
    return r < 0 ? r : csv->keeper.error;
}

/* The file ended: what is there of a row is one. */
static void
finish(struct bb_csv *csv)
{
    csv->row_ended = true;
    if (csv->skipping || csv_fini(&csv->parser, on_cell, on_row, csv) == 0)
        return;
    csv->row.problem = BB_CSV_OPEN_QUOTE;
    csv->row.problem_line = csv->row.line;
    csv_set_opts(&csv->parser, 0);
    csv_fini(&csv->parser, on_cell, on_row, csv);
    csv_set_opts(&csv->parser, STRICT);
}

int
bb_csv_next(struct bb_csv *csv, struct bb_csv_row *ret_row)
{
    begin_row(csv);
    while (!csv->row_ended) {
        int r = 0;
        if (csv->input.at == csv->input.end) {
            r = bb_input_fill(&csv->input);
            if (r == BB_INPUT_END && csv->in_row)
                finish(csv);
            else if (r)
                return r;
            csv->newline = csv->carriage = NOT_SOUGHT;
            if (csv->row_ended)
                break;
        }
        r = read_line(csv);
        if (r < 0)
            return r;
    }
    csv->row.number++;
    csv->row.sheet = csv->row.number + csv->blank;
    csv->row.raw = bb_raw_keeper_row(&csv->keeper);
    *ret_row = csv->row;
    return csv->keeper.error;
}

bool
bb_csv_is_sound(const struct bb_csv_row *row, char *reason, size_t size)
{
    if (row->problem == BB_CSV_TEXT_AFTER_QUOTE)
        snprintf(reason, size,
                 "found text behind a closing quote in line %" PRIu64
                 ", expected the next column (a quote within quotes is written twice)",
                 row->problem_line);
    else if (row->problem == BB_CSV_OPEN_QUOTE)
        snprintf(reason, size,
                 "found the end of the file within quotes, expected a closing quote; the row starts in line "
                 "%" PRIu64,
                 row->problem_line);
    return row->problem == BB_CSV_FINE;
}
